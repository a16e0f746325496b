//! Words of orders to actuators, and of the page about an asset.

use egret_shared::actuation::{ActuationState, Argument};
use egret_shared::package::command::{CommandDef, ParameterDef, ParameterKind};
use egret_shared::text::{Language, Text};

use super::Word as _;
use crate::format;

words! {
    /// A word of orders to actuators.
    enum Order;
    Tab: "设备指令", "Orders";
    AssetWord: "部件", "Asset";
    OpenAsset: "部件与指令", "Asset and orders";
    NoAsset: "没有这个部件，或您无权查看", "There is no such asset, or it is not yours to see";
    StaleAsset: "数据已过期", "nothing new for too long";
    ValuesNow: "当前数值", "Values now";
    AlertsOf: "该部件的告警", "Alerts of this asset";
    CanBeTold: "可下达的指令", "What it can be told";
    TakesNone: "该部件不接受指令", "This asset takes no orders";
    NotYours: "您无权在此下达", "Not yours to give here";
    Give: "下达", "Give";
    AskedTwice: "下达前须再次确认", "asked a second time before it goes";
    ExpiresAfter: "无应答失效时限", "without an answer it expires after";
    Reason: "理由", "Why";
    ReasonHint: "不超过 200 字，记入审计日志", "At most 200 characters; kept in the audit trail";
    ReasonLong: "理由超过 200 字", "More than 200 characters";
    GoOn: "下一步", "Go on";
    Check: "请核对即将下达的内容", "This is what will be sent";
    Message: "发送报文", "Message";
    Send: "确认下达", "Send the order";
    Change: "返回修改", "Change it";
    CheckAgain: "核对已过时效，请重新核对", "That was too long ago. Look at it again";
    OtherThanTold: "不能确定前一次是否已下达；内容已修改，提交即为另一条指令。", "Nobody knows whether the first was given. This says something else, and so is another order.";
    EarlierUncertain: "不能确定此前的一条指令是否已下达。", "Nobody knows whether an earlier order was given.";
    Uncertain: "不能确定是否已下达。再次提交不会重复下达。", "Nobody knows whether it was given. Sent again, it is not given twice.";
    Command: "指令", "Order";
    State: "状态", "State";
    By: "下达人与理由", "By whom and why";
    GivenAt: "下达时间", "Given";
    Progress: "进展", "What became of it";
    Waiting: "待发送", "Waiting";
    Sent: "已发送", "Sent";
    Acknowledged: "已确认", "Acknowledged";
    Refused: "已拒绝", "Refused";
    Expired: "已失效", "Expired";
    On: "开", "On";
    Off: "关", "Off";
    Pick: "请选择", "Choose one";
    NoNumber: "请填写数字", "Write a number";
    NotWhole: "请填写整数", "Write a whole number";
    NotSent: "设备或代理服务器不在线，每秒重试", "the device or its broker is not there; tried every second";
    SentAt: "发送于", "sent";
    Via: "经由", "by way of";
    Endpoint: "内置 MQTT 端点", "the embedded endpoint";
    ExpiresIn: "失效倒计时", "expires in";
    AcknowledgedAt: "确认于", "acknowledged";
    RefusedAt: "拒绝于", "refused";
    ExpiredAt: "失效于", "expired";
    LateAt: "迟到的应答", "answered too late";
    Said: "设备回复", "it says";
    AnyState: "全部状态", "Any state";
    AnyAsset: "全部部件", "Any asset";
    WriteAsset: "部件较多，请直接输入编号", "There are many: type its id";
    NewestOnly: "仅列出最新的 1,000 条；可按数据源、部件或状态筛选", "These are the newest 1,000; narrow them by feed, asset or state";
    NoOrders: "还没有指令", "No orders yet";
    NoneFit: "没有符合条件的指令", "No order fits";
    GiveTo: "下达指令", "Give an order";
    PickActuator: "选择数据源和部件后即可下达指令", "Choose a feed and an asset to give an order";
    OrdersOf: "该部件的指令", "Orders to this asset";
    AllOrders: "全部指令", "All orders";
    More: "更早的指令", "Older orders";
    ByRule: "规则自动下达", "ordered by a rule";
}

/// The word for where an order stands.
pub(crate) const fn state_word(state: ActuationState) -> Order {
    match state {
        ActuationState::Waiting => Order::Waiting,
        ActuationState::Sent => Order::Sent,
        ActuationState::Acknowledged => Order::Acknowledged,
        ActuationState::Refused => Order::Refused,
        ActuationState::Expired => Order::Expired,
    }
}

/// What is said with an order: `Blinks 60 /min`.
pub(crate) fn argument(
    command: Option<&CommandDef>,
    (id, argument): (&str, &Argument),
    language: Language,
) -> String {
    let parameters = command.into_iter().flat_map(|command| &command.parameters);
    let parameter = { parameters }.find(|parameter| parameter.id == id);
    let name = parameter.map_or(id, |parameter| parameter.name.get(language));
    format!("{name} {}", value(parameter, argument, language))
}

/// What is said for a parameter.
pub(crate) fn value(
    parameter: Option<&ParameterDef>,
    argument: &Argument,
    language: Language,
) -> String {
    match argument {
        Argument::Switch(on) => {
            let word = if *on { Order::On } else { Order::Off };
            word.said(language).to_owned()
        }
        Argument::Number(v) => {
            let unit = parameter.and_then(|parameter| parameter.unit.as_deref());
            let unit = unit.map_or("", format::unit);
            format!("{v} {unit}").trim_end().to_owned()
        }
        Argument::Word(word) => {
            let options = parameter
                .into_iter()
                .flat_map(|parameter| &parameter.options);
            let option = { options }.find(|option| option.value == *word);
            option.map_or_else(
                || word.to_string(),
                |option| option.name.get(language).to_owned(),
            )
        }
    }
}

/// What a number may be: `10–120 /min`; empty if it may be anything.
pub(crate) fn range(parameter: &ParameterDef) -> String {
    let unit = parameter.unit.as_deref().map_or("", format::unit);
    match parameter.range {
        Some([least, most]) if parameter.kind == ParameterKind::Number => {
            format!("{least}–{most} {unit}").trim_end().to_owned()
        }
        _ => unit.to_owned(),
    }
}

/// A parameter's name with its unit: `Blinks (/min)`.
pub(crate) fn label(parameter: &ParameterDef, language: Language) -> String {
    let name = parameter.name.get(language);
    match parameter.unit.as_deref().map_or("", format::unit) {
        "" => name.to_owned(),
        unit => format!("{name} ({unit})"),
    }
}

/// The name of a command that may not be in the package any more.
pub(crate) fn name(command: Option<&CommandDef>, id: &str) -> Text {
    command.map_or_else(|| Text::new(id, id), |command| command.name.clone())
}

#[cfg(test)]
mod tests {
    use egret_shared::package::command::OptionDef;

    use super::*;

    fn parameter(kind: ParameterKind) -> ParameterDef {
        ParameterDef {
            id: "p".into(),
            name: Text::new("流量", "Flow"),
            kind,
            unit: (kind == ParameterKind::Number).then(|| "m3/s".to_owned()),
            range: (kind == ParameterKind::Number).then_some([0.5, 4.0]),
            whole: false,
            options: vec![OptionDef {
                value: "steady".into(),
                name: Text::new("常亮", "Steady"),
            }],
        }
    }

    #[test]
    fn what_is_said_with_an_order_reads_as_people_say_it() {
        let (switch, number, choice) = (
            parameter(ParameterKind::Switch),
            parameter(ParameterKind::Number),
            parameter(ParameterKind::Choice),
        );
        let said = |def: &ParameterDef, v: Argument, language| value(Some(def), &v, language);
        assert_eq!(said(&switch, Argument::Switch(true), Language::Zh), "开");
        assert_eq!(
            said(&number, Argument::Number(1.5), Language::En),
            "1.5 m³/s"
        );
        let word = || Argument::Word("steady".into());
        assert_eq!(said(&choice, word(), Language::En), "Steady");
        assert_eq!(value(None, &word(), Language::En), "steady");
        assert_eq!(range(&number), "0.5–4 m³/s");
        assert_eq!(label(&number, Language::Zh), "流量 (m³/s)");
        assert_eq!(
            argument(None, ("x", &Argument::Number(2.0)), Language::En),
            "x 2"
        );
    }
}
