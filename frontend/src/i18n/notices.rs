//! Words of how notifications do.

use crate::api::notices::Health;

words! {
    /// A word of notifications.
    enum Notices;
    About: "案件通知的送达情况；通道在服务器设置文件 [notify] 中声明", "What became of what was told of incidents. Channels are declared in [notify] of the settings file";
    NoChannels: "没有声明通知通道（设置文件 [notify]）", "No channel is declared ([notify] of the settings file)";
    Channel: "通道", "Channel";
    Waiting: "待发", "Waiting";
    Oldest: "最久待发", "Oldest waits";
    Held: "等待通知时段", "Held for its hours";
    Sent: "已送达", "Arrived";
    Failed: "已放弃", "Given up";
    LastSent: "最近送达", "Last arrived";
    LastError: "最近一次错误", "Last went wrong";
    Health: "状态", "State";
    Works: "正常", "Works";
    Fails: "发送失败", "Fails";
    Unused: "尚未使用", "Not used yet";
    Deliveries: "逐条送达", "Deliveries";
    NoDeliveries: "没有符合条件的通知", "No notification fits";
    AnyChannel: "全部通道", "Any channel";
    AnyState: "全部状态", "Any state";
    Sending: "发送中", "On its way";
    Merged: "已并入汇总", "In a digest";
    To: "收件人", "To";
    Tries: "次数", "Tries";
    What: "内容", "About";
    Digest: "条汇总", "notices in one message";
    WrongWas: "错误", "What went wrong";
    NextTry: "下次尝试", "next try";
    Webhook: "Webhook", "webhook";
    Dingtalk: "钉钉", "DingTalk";
    Wecom: "企业微信", "WeCom";
    Feishu: "飞书", "Feishu";
    Smtp: "邮件", "e-mail";
}

/// The word for whether a channel works.
pub(crate) const fn health_word(health: Health) -> Notices {
    match health {
        Health::Unused => Notices::Unused,
        Health::Works => Notices::Works,
        Health::Fails => Notices::Fails,
    }
}

/// The states that a delivery can have, and their words.
pub(crate) const STATES: [(&str, Notices); 5] = [
    ("failed", Notices::Failed),
    ("waiting", Notices::Waiting),
    ("sending", Notices::Sending),
    ("sent", Notices::Sent),
    ("merged", Notices::Merged),
];

/// The word for what speaks at a channel.
pub(crate) fn kind_word(kind: &str) -> Option<Notices> {
    Some(match kind {
        "webhook" => Notices::Webhook,
        "dingtalk" => Notices::Dingtalk,
        "wecom" => Notices::Wecom,
        "feishu" => Notices::Feishu,
        "smtp" => Notices::Smtp,
        _ => return None,
    })
}
