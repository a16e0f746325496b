//! Words of walls that run by themselves, and of the desk that drives them.

use egret_shared::wall::Way;

words! {
    /// A word about walls.
    enum Wall;
    Hold: "停在本专题", "Hold this scene";
    GoOn: "继续轮播", "Go on";
    HeldByHand: "已暂停轮播", "Held";
    NextIn: "后切换", "until the next scene";
    HelpHold: "大屏：暂停或继续轮播", "Wall: hold, or go on";
    HelpStep: "大屏：上一个、下一个专题", "Wall: previous, next scene";
    HelpGiveBack: "大屏：结束突发案件显示", "Wall: give it back";
    TakesOver: "突发案件", "An incident that cannot wait";
    OpenFor: "已发生", "open for";
    TimeLimit: "时限", "time limit";
    Why: "研判依据", "Why";
    MoreSignals: "条信号", "more signals";
    Who: "责任部门", "Who";
    FirstSteps: "预案要点", "First steps";
    GivesBackIn: "恢复轮播倒计时", "Gives the wall back in";
    PutUpByDesk: "值班台调度显示", "Put up by the duty desk";
    GiveBack: "恢复", "Give back";
    Tab: "大屏", "Walls";
    NoWalls: "没有可以调度的大屏", "There is no wall that you may drive";
    NameOf: "大屏", "Wall";
    StateOf: "状态", "State";
    Shows: "正在显示", "Shows";
    ShowScene: "切换到", "Show";
    SpotlightWord: "聚焦案件", "Spotlight";
    NoSpotlight: "不聚焦", "none";
    Previous: "上一个", "Previous";
    Next: "下一个", "Next";
    Release: "交还", "Give back";
    Online: "在线", "Online";
    Offline: "离线", "Offline";
    WayTurns: "轮播", "turns";
    WayStays: "固定", "stays";
    WayHeld: "现场暂停", "held on the spot";
    WayDriven: "由值班台调度", "driven by a desk";
    WayEmergency: "应急模式", "emergency";
    DrivenBy: "调度人", "driven by";
    DrivenUntil: "到期", "until";
    DriveAbout: "调度在十分钟后自动失效，大屏恢复自行运行。", "What a wall is told lapses after ten minutes; then it runs by itself again.";
}

/// The word for why a wall shows what it shows.
pub(crate) const fn way_word(way: Way) -> Wall {
    match way {
        Way::Turns => Wall::WayTurns,
        Way::Stays => Wall::WayStays,
        Way::Held => Wall::WayHeld,
        Way::Driven => Wall::WayDriven,
        Way::Emergency => Wall::WayEmergency,
    }
}
