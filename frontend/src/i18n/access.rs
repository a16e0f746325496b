//! Words about coming in, leaving, and oneself; and what the server's problem codes mean.

use crate::api::ApiError;

use super::Word;
use egret_shared::text::Language;

words! {
    /// A word of the pages about who is here.
    enum Access;
    SignIn: "登录", "Sign in";
    SignOut: "退出登录", "Sign out";
    Name: "用户名", "User name";
    Password: "密码", "Password";
    ShowPassword: "显示密码", "Show password";
    HidePassword: "隐藏密码", "Hide password";
    Or: "或", "or";
    SignInWith: "单点登录", "Single sign-on";
    OidcFailed: "单点登录未成功，请重试或联系管理员", "Single sign-on did not work. Try again or ask an admin";
    ThisIsAWall: "本机是大屏", "This is a wall display";
    FirstStart: "首次启动", "First start";
    FirstStartAbout: "系统还没有账号。请输入服务器启动时打印的一次性代码，创建第一位系统管理员。", "There is no account yet. Enter the one-time code that the server printed when it started, and make the first admin.";
    OneTimeCode: "一次性代码", "One-time code";
    PasswordAgain: "再次输入密码", "Password again";
    PasswordRule: "至少 10 个字符", "At least 10 characters";
    MakeAdmin: "创建管理员并登录", "Make the admin and sign in";
    Needed: "此项必填", "This is needed";
    TooShort: "至少需要 10 个字符", "It needs at least 10 characters";
    NotTheSame: "两次输入不一致", "The two are not the same";
    BadCredentials: "用户名或密码不正确", "Wrong user name or password";
    BadOldPassword: "原密码不正确", "That is not your password";
    BadCode: "代码不正确", "That is not the code";
    WeakPassword: "密码太弱：至少 10 个字符，且不能是常见密码", "The password is too weak: at least 10 characters, and none that is in common use";
    Locked: "失败次数过多，请等待", "Too many failed tries. Wait";
    NameTaken: "该名称已被使用", "This name is taken";
    LastAdmin: "这是最后一位系统管理员，不能停用、降级或删除", "This is the last admin: it cannot be disabled, demoted or deleted";
    Unreachable: "服务器没有应答，请稍后重试", "The server does not answer. Try again later";
    Forbidden: "您没有此项权限", "You may not do this";
    Gone: "对象已不存在", "It is no longer there";
    Menu: "账号", "Account";
    MyPage: "我的账号", "My account";
    AdminPage: "系统管理", "Administration";
    AboutMe: "我的权限", "What I may do";
    NoGrants: "尚未授予任何权限，请联系系统管理员", "Nothing has been granted to you yet. Ask an admin";
    EverythingOpen: "服务器以开放模式运行，本机可查看和操作全部内容", "The server runs open: everything is open to this machine";
    ChangePassword: "修改密码", "Change password";
    MustChange: "继续之前请先修改密码", "Change your password before you go on";
    OldPassword: "原密码", "Password until now";
    NewPassword: "新密码", "New password";
    PasswordChanged: "密码已修改", "The password is changed";
    Sessions: "登录中的会话", "Sessions";
    ThisSession: "本次会话", "this one";
    EndSession: "结束", "End";
    NoSessions: "没有会话", "No sessions";
    Browser: "浏览器", "Browser";
    Address: "地址", "Address";
    Since: "开始于", "Since";
    LastSeen: "最近使用", "Last used";
    EndsAt: "最迟结束于", "Ends at the latest";
    Actions: "操作", "Actions";
    UnknownBrowser: "未知浏览器", "Unknown browser";
    PairTitle: "等待管理员确认本大屏", "Waiting for an admin to let this wall in";
    PairAbout: "管理员在「系统管理 · 大屏」中输入此代码，或用手机扫描二维码", "An admin enters this code in Administration · Walls, or scans it with a phone";
    PairQr: "管理页面的二维码", "QR code of the admin's page";
    PairCode: "配对代码", "Pairing code";
    PairUntil: "剩余时间", "Time left";
    PairEnded: "上一代码已过期或被拒绝，这是新的代码", "The code before was refused or ran out of time. This is a new one";
    PairWait: "正在获取代码", "Asking for a code";
    PairApproved: "已确认，正在进入", "Let in. Coming in now";
    PairUnable: "本浏览器在此地址上不能作为大屏：大屏的密钥需要 TLS（https）或本机地址", "This browser cannot be a wall at this address: a wall's key needs TLS (https) or a loopback address";
    PairFailed: "暂时无法配对，稍后自动重试", "Pairing does not work now, trying again";
    NotAWall: "本机不是大屏，用密码登录", "This is no wall, sign in with a password";
    Persons: "当事人", "Persons";
    NoPersons: "未保存个人信息", "Nothing is kept about persons";
    PersonsErased: "个人信息已删除", "The personal fields have been erased";
    PersonsNotYours: "您无权查看完整信息", "You may not see them in full";
    ReasonToSee: "查看理由", "Why you need to know";
    ReasonIsKept: "理由将记入审计日志", "It is kept in the audit trail";
    ShowPersons: "显示完整信息", "Show in full";
    WallEntering: "本大屏正在登录", "This wall is signing in";
}

/// What a failure means to the person who is waiting: in their language where its code is known,
/// else in the server's words, which may be in that language, too.
pub(crate) fn failure(error: &ApiError, language: Language) -> String {
    let known = match (error.code(), error.status()) {
        (Some("bad_credentials"), _) => Some(Access::BadCredentials),
        (Some("bad_code"), _) => Some(Access::BadCode),
        (Some("weak_password"), _) => Some(Access::WeakPassword),
        (Some("name_taken"), _) => Some(Access::NameTaken),
        (Some("last_admin"), _) => Some(Access::LastAdmin),
        (None, None) => match error {
            ApiError::Network { .. } => Some(Access::Unreachable),
            _ => None,
        },
        (None, Some(403)) if error.words().is_none() => Some(Access::Forbidden),
        (None, Some(404)) => Some(Access::Gone),
        (None, Some(502..=504)) => Some(Access::Unreachable),
        _ => None,
    };
    let told = || {
        let words = error.words().map(|words| words.get(language).to_owned());
        words.unwrap_or_else(|| error.to_string())
    };
    known.map_or_else(told, |word| word.said(language).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_in_the_readers_language_where_its_code_is_known() {
        let taken = ApiError::of_answer("/x", 409, r#"{"detail":"taken","code":"name_taken"}"#);
        assert_eq!(failure(&taken, Language::Zh), "该名称已被使用");
        let other = ApiError::of_answer("/x", 400, r#"{"detail":"no feed \"x\""}"#);
        assert_eq!(failure(&other, Language::Zh), "no feed \"x\"");
        // Of what few are told the server brings the words itself.
        let busy = r#"{"detail":"later","code":"busy","words":{"zh":"稍后","en":"later"}}"#;
        let busy = ApiError::of_answer("/x", 409, busy);
        assert_eq!(failure(&busy, Language::Zh), "稍后");
        let away = ApiError::Network {
            path: "/x".into(),
            reason: "refused".into(),
        };
        assert_eq!(failure(&away, Language::En), word_of(Access::Unreachable));
    }

    fn word_of(word: Access) -> &'static str {
        word.said(Language::En)
    }
}
