//! Words for what the audit trail notes. The server notes an action by a name that never changes;
//! here stands what people call it.

use egret_shared::case::ActKind;
use egret_shared::text::Language;

use super::case::act_word;
use super::word;

/// What comes before the name of an act of casework.
const OF_INCIDENTS: &str = "incident.";

/// Actions by the server's names, in Chinese and in English.
const ACTIONS: &[(&str, &str, &str)] = &[
    ("audit.export", "导出审计记录", "Exported the trail"),
    ("audit.read", "查看审计记录", "Read the trail"),
    ("audit.verify", "校验审计链", "Verified the trail"),
    ("command.order", "下达设备指令", "Gave an order to an asset"),
    ("device.change", "修改大屏", "Changed a wall"),
    ("device.remove", "撤销大屏", "Revoked a wall"),
    ("device.sign_in", "大屏登录", "A wall signed in"),
    ("feed.connect", "接入数据源", "Connected a feed"),
    ("feed.disconnect", "移除数据源", "Disconnected a feed"),
    ("feed.sample", "读取接口样例", "Fetched a sample"),
    ("gateway.add", "新建网关", "Added a gateway"),
    ("gateway.change", "修改网关", "Changed a gateway"),
    ("gateway.remove", "删除网关", "Deleted a gateway"),
    (
        "gateway.renew",
        "更换网关密钥",
        "Renewed a gateway's secret",
    ),
    ("hush.order", "静默告警", "Silenced alerts"),
    ("incident.open", "上报案件", "Reported an incident"),
    ("mode.change", "切换城市模式", "Changed the city's mode"),
    ("mqtt.connect", "网关连接", "A gateway connected"),
    ("pairing.approve", "确认大屏", "Let a wall in"),
    ("pairing.refuse", "拒绝大屏", "Refused a wall"),
    ("password.change", "修改密码", "Changed a password"),
    ("personal.read", "查看个人信息", "Read personal data"),
    (
        "quarantine.discard",
        "丢弃隔离报文",
        "Discarded quarantined messages",
    ),
    ("quarantine.read", "查看隔离报文", "Read the quarantine"),
    (
        "quarantine.rerun",
        "重新读取隔离报文",
        "Read quarantined messages again",
    ),
    ("raw.open", "解封原始报文", "Unsealed a raw message"),
    ("raw.read", "查看原始报文", "Read a raw message"),
    ("session.end", "退出登录", "Signed out"),
    ("sign_in", "登录", "Signed in"),
    ("sign_in.oidc", "单点登录", "Signed in by single sign-on"),
    ("token.add", "新建访问令牌", "Made an API token"),
    ("token.remove", "删除访问令牌", "Deleted an API token"),
    ("user.add", "新建人员", "Added a person"),
    ("user.change", "修改人员", "Changed a person"),
    ("user.remove", "删除人员", "Deleted a person"),
    (
        "user.sign_out",
        "结束人员全部会话",
        "Signed a person out everywhere",
    ),
    ("wall.drive", "操控大屏", "Drove a wall"),
];

/// What an action is called; nothing for one that this page does not know.
pub(crate) fn action_words(action: &str, language: Language) -> Option<&'static str> {
    let known = ACTIONS.iter().find(|(name, ..)| *name == action);
    if let Some(&(_, zh, en)) = known {
        return Some(match language {
            Language::Zh => zh,
            Language::En => en,
        });
    }
    let act = action.strip_prefix(OF_INCIDENTS)?;
    let act = ActKind::ALL.into_iter().find(|kind| kind.as_str() == act)?;
    Some(word(act_word(act), language))
}

/// The server's name of what somebody wrote as people call it, or as the server does.
pub(crate) fn action_named(written: &str, language: Language) -> String {
    let written = written.trim();
    let acts = ActKind::ALL.into_iter();
    let acts = acts.map(|kind| format!("{OF_INCIDENTS}{}", kind.as_str()));
    let mut names = ACTIONS
        .iter()
        .map(|(name, ..)| (*name).to_owned())
        .chain(acts);
    let is_meant = |name: &String| {
        action_words(name, language).is_some_and(|words| words.eq_ignore_ascii_case(written))
    };
    names.find(is_meant).unwrap_or_else(|| written.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_has_a_word_and_an_unknown_one_stays_as_it_is() {
        let zh = |action| action_words(action, Language::Zh);
        assert_eq!(zh("quarantine.rerun"), Some("重新读取隔离报文"));
        assert_eq!(zh("incident.close"), Some("结案"));
        assert_eq!(zh("incident.open"), Some("上报案件"));
        assert_eq!(zh("incident.nothing"), None);
        assert_eq!(zh("moon.land"), None);
    }

    #[test]
    fn every_action_is_found_by_its_words() {
        for language in [Language::Zh, Language::En] {
            for (name, ..) in ACTIONS {
                let words = action_words(name, language).unwrap_or_default();
                assert!(!words.is_empty(), "{name}");
                assert_eq!(action_named(words, language), *name);
            }
        }
        assert_eq!(action_named("结案", Language::Zh), "incident.close");
        assert_eq!(action_named(" user.add ", Language::Zh), "user.add");
        assert_eq!(action_named("", Language::Zh), "");
    }
}
