//! Words about connecting feeds, and about refused messages.

use egret_shared::package::city::Classification;
use egret_shared::package::feed::{Crs, Format, TimeForm};
use egret_shared::package::metric::Aggregate;
use egret_shared::rejection::Reason;

words! {
    /// A word of the pages about connecting feeds.
    enum Connect;
    NewConnection: "接入数据源", "Connect a feed";
    ChangeFeed: "修改接入", "Change a connection";
    BackToData: "返回数据质量", "Back to data quality";
    Unconnected: "未接入主题", "Unconnected topics";
    UnconnectedAbout: "有报文到达但没有数据源接收的主题", "Topics that messages came by and no feed listens to";
    NoUnconnected: "没有未接入的主题", "Every topic has a feed";
    Topic: "主题", "Topic";
    Messages: "报文数", "Messages";
    Newest: "最新", "Newest";
    Sender: "发送方", "Sender";
    Actions: "操作", "Actions";
    Begin: "接入", "Connect";
    Added: "在此接入", "Connected here";
    AddedAbout: "在浏览器中接入的数据源，不在城市包文件内", "Feeds that were connected in the browser, not in the city package's files";
    NoAdded: "还没有在此接入的数据源", "No feed has been connected here yet";
    State: "状态", "State";
    InForce: "生效中", "In force";
    NotInForce: "未生效", "Not in force";
    Folding: "正在重新计算城市", "The city is being folded anew";
    Change: "修改", "Change";
    Disconnect: "断开", "Disconnect";
    DisconnectAsk: "此后该数据源的报文将被拒收。已接收的数据保留，重新接入后仍可见。", "Its messages are refused from then on. What came of it stays, and is there again once it is connected anew.";
    AsToml: "查看 TOML", "As TOML";
    AsTomlAbout: "将以下内容移入城市包的文件，即成为正式配置", "Move this into the city package's files to make it part of them";
    Feed: "数据源", "Feed";
    AnyFeed: "全部数据源", "Any feed";
    Reason: "原因", "Reason";
    AnyReason: "全部原因", "Any reason";
    ShowWhole: "显示全部报文", "Show the whole payload";
    HideWhole: "收起", "Hide the payload";
    ReadAgain: "重新解析", "Read again";
    ReadAllAgain: "全部重新解析", "Read all again";
    Discard: "丢弃", "Discard";
    DiscardAll: "全部丢弃", "Discard all";
    DiscardAsk: "丢弃后无法恢复。理由记入审计日志。", "What is discarded is gone. The reason is kept in the audit trail.";
    Why: "丢弃理由", "Why they are discarded";
    FilterFirst: "请先选择数据源或原因", "Choose a feed or a reason first";
    Samples: "样例报文", "Samples";
    SamplesAbout: "粘贴报文，或从未接入主题中选择", "Paste messages, or take them from the unconnected topics";
    SampleN: "样例", "Sample";
    AddSample: "增加样例", "Add a sample";
    RemoveSample: "移除此样例", "Remove this sample";
    TakeTopic: "从未接入主题中选择", "Take from the unconnected topics";
    ChooseTopic: "请选择主题", "choose a topic";
    SampleTopic: "报文的主题", "Topic of the message";
    SampleTopicHint: "通过 HTTP 接入时留空", "Leave empty for HTTP";
    Payload: "报文内容", "Payload";
    PayloadSealed: "报文已封存：本市有涉及个人信息的数据源。请粘贴厂商手册中的报文。", "The payload is kept sealed: this city has feeds about people. Paste a message from the vendor's manual.";
    Tree: "报文结构 · 点击字段说明其含义", "What is in it. Click a field to say what it is";
    NotJson: "不是 JSON，无法显示结构", "This is no JSON, so there is nothing to click";
    EachReading: "每个元素一条读数", "Each element is a reading";
    OutOfReach: "不在读数之内", "beside the readings";
    GuessAgain: "重新识别", "Propose anew";
    GuessAgainAbout: "按样例重新识别，替换当前定义", "Proposes a definition by the samples, in place of this one";
    Definition: "定义", "Definition";
    RoleNothing: "不使用", "nothing";
    RoleAsset: "部件编号", "asset id";
    RoleTime: "时间", "time";
    RoleLon: "经度", "longitude";
    RoleLat: "纬度", "latitude";
    RoleMessage: "报文编号", "message id";
    RoleValue: "数值", "a value";
    FeedId: "数据源标识", "Feed id";
    FeedIdHint: "小写字母、数字与连字符，接入后不可更改", "Small letters, digits and hyphens. Stays as it is once connected";
    NameZh: "中文名称", "Name in Chinese";
    NameEn: "英文名称", "Name in English";
    Department: "归属部门", "Department";
    Domain: "领域", "Domain";
    AssetClass: "部件类别", "Asset class";
    AssetClassHint: "选择已有类别或写入新类别", "One of those there are, or a new one";
    Moving: "部件会移动（如车辆）", "Its assets move, as vehicles do";
    TopicFilter: "主题过滤器", "Topic filter";
    TopicFilterHint: "+ 匹配任意一级；通过 HTTP 接入时留空", "+ stands for any level. Leave empty for HTTP";
    PollUrl: "抓取地址", "Fetched from";
    PollUrlHint: "由系统定时请求的 http(s) 地址；由发送方上报时留空。内网地址须由管理员在设置中允许", "An http(s) URL that is asked again and again. Leave empty for what is sent. The settings have to allow what is not public";
    PollEvery: "抓取间隔", "Fetched every";
    FetchSample: "抓取样例", "Fetch a sample";
    SampleBytes: "已抓取，字节数", "Fetched, bytes:";
    SampleLeftOut: "列表过长，样例省略元素数", "the list is long, left out of the sample:";
    SamplesFull: "样例已满，请先移除一个", "There are as many samples as there may be. Remove one first";
    FetchForbidden: "设置不允许系统请求此地址", "The settings do not let the server ask there";
    FetchFailed: "没有得到应答", "No good answer";
    FetchSettings: "设置有误", "The settings lack something";
    SampleUnusable: "应答不能作为样例", "The answer cannot be a sample";
    FetchBusy: "其他样例正在抓取，请稍后重试", "Others are being fetched. Try again in a moment";
    Polled: "定时抓取", "Fetched feeds";
    PolledAbout: "由系统定时请求的数据源", "Feeds that are asked for again and again";
    NoPolled: "没有定时抓取的数据源", "No feed is fetched";
    PolledHost: "来源主机", "Host";
    PolledLast: "上次成功", "Last success";
    PolledNext: "下次抓取", "Next try";
    PolledWell: "正常", "As it should be";
    Brokers: "外部消息代理", "Existing brokers";
    BrokersAbout: "系统从其接收报文的外部 MQTT 代理", "MQTT brokers that messages are taken from";
    NoBrokers: "没有配置外部消息代理", "No existing broker is named in the settings";
    Broker: "代理", "Broker";
    Connected: "已连接", "Connected";
    Disconnected: "未连接", "Not connected";
    Since: "持续", "For";
    LastTrouble: "最近故障", "Last trouble";
    Worse: "质量问题来源", "What makes feeds worse";
    WorseAbout: "近一小时被拒收报文的来源，以及时钟偏差较大的网关", "Where messages come from that were refused within the hour, and gateways whose clocks are off";
    NoWorse: "没有被拒收的报文，网关时钟正常", "Nothing is refused, and clocks are right";
    Who: "来源", "From";
    RefusedLately: "近一小时拒收", "Refused in an hour";
    Levels: "主题各级 · 点击切换为任意", "Levels of the topic. Click one to make it any";
    AnyLevel: "任意", "any";
    FormatOf: "报文格式", "Format";
    ExpectEvery: "预期上报间隔", "Expected interval";
    ExpectEveryHint: "如 30s、5m、1h；留空则不判断失联", "Such as 30s, 5m or 1h. Left empty, nothing is ever silent";
    ClassificationOf: "密级", "Classification";
    AsCity: "按城市默认", "the city's default";
    CrsOf: "坐标系", "Datum of positions";
    AssetFrom: "部件编号来自", "The asset's id is";
    TopicLevel: "主题第几级", "topic level";
    ByFormat: "由格式规定", "where the format says";
    TimeFrom: "时间写法", "How time is written";
    NoTimeField: "未指定时间字段：以到达时间代替并标记", "No field is the time: the arrival stands in and is flagged";
    NoPositionField: "未指定经纬度：以部件最后位置或部门区域代替", "No fields are the position: the asset's last, or the department's area, stands in";
    PositionFrom: "位置来自", "The position is in";
    Values: "数值", "Values";
    ValuesAbout: "从报文中取哪些数值", "What is taken of a message";
    TakeName: "取用", "Take";
    NotTaken: "未取用", "Not taken";
    KeptValues: "另有由报文自身命名的数值，保持不变", "Others are named by the message itself, and stay as they are";
    PropertyOf: "属性", "Property";
    ChooseProperty: "请选择属性", "choose a property";
    NewProperty: "新建属性", "a new property";
    PropertyId: "属性标识", "Property id";
    UnitOf: "单位（UCUM）", "Unit (UCUM)";
    UnitHint: "如 Cel、%、m、ug/m3、dB；无单位写 1", "Such as Cel, %, m, ug/m3 or dB; 1 for none";
    SentUnit: "发送方的单位", "The sender's unit";
    SentUnitHint: "留空则与属性相同；不同则自动换算", "Left empty, the property's own. Another one is converted";
    Least: "最小有效值", "Least valid value";
    Greatest: "最大有效值", "Greatest valid value";
    RemoveValue: "移除", "Remove";
    Outcome: "结果", "Outcome";
    Try: "试解析", "Try";
    Trying: "正在试解析", "Being tried";
    NothingToTry: "加入样例后自动试解析", "Samples are tried by themselves once there are some";
    Lacking: "尚缺", "Still missing";
    Mistakes: "有误", "Mistakes";
    GoThere: "转到该字段", "Go to the field";
    AllTaken: "全部样例可以接收", "Every sample is taken";
    Refused: "拒收", "Refused";
    NothingTaken: "没有读数", "no reading";
    Asset: "部件", "Asset";
    Time: "时间", "Time";
    Place: "位置", "Place";
    Value: "数值", "Value";
    Flags: "标记", "Flags";
    OutsideCity: "城市范围之外", "outside the city";
    Tiles: "上墙", "On the wall";
    ShowAsTile: "上墙显示", "Show as a tile";
    AggregateOf: "汇总方式", "Made of readings by";
    Blue: "蓝色阈值", "Blue from";
    Yellow: "黄色阈值", "Yellow from";
    Orange: "橙色阈值", "Orange from";
    Red: "红色阈值", "Red from";
    Below: "数值越小越严重", "Small values are the bad ones";
    SaveChange: "保存修改", "Save the change";
    Connecting: "正在接入，大城市可能需要几分钟", "Being connected. In a big city this may take minutes";
    ConnectedNow: "已接入", "Connected";
    ToWall: "查看大屏", "See it on the wall";
    ToFeeds: "查看数据源", "See the feed";
    GatewayHint: "需要登录的网关还须获准发送此数据源：", "Gateways that sign in have to be allowed to send it, too:";
    GatewayWay: "系统管理 · 网关", "Administration, Gateways";
    Leave: "离开", "Leave";
    LeaveTitle: "尚未接入", "This is not connected yet";
    LeaveAsk: "离开后所做的定义将丢失。", "What you have defined is lost when you leave.";
    Restored: "已恢复上次未完成的接入", "Here is what you had not finished";
    NoSuchAdded: "没有在此接入的这个数据源", "No such feed was connected here";
    Needed: "此项必填", "This is needed";
    NoSpan: "应为时长，如 30s、5m、1h", "This is no length of time, such as 30s, 5m or 1h";
    NoValues: "至少取一个数值", "Take one value at least";
    HalfPosition: "经度与纬度须同时指定", "Longitude and latitude go together";
    NoAsset: "指定部件编号在主题或报文中的位置", "Say where the asset's id is: in the topic or in the message";
    NoProperty: "为该数值选择属性", "Choose a property for this value";
    NoPropertyName: "新属性需要名称", "A new property needs a name";
    NoRange: "新属性需要最小与最大有效值", "A new property needs its least and greatest valid value";
    NoNumber: "阈值须为数字", "A limit is a number";
    FormatEgret: "Egret JSON", "Egret's own JSON";
    FormatMapped: "厂商 JSON（逐字段指定）", "Any vendor's JSON, field by field";
    FormatSenml: "SenML（RFC 8428）", "SenML (RFC 8428)";
    FormatChirpstack: "ChirpStack v4 上行", "ChirpStack v4 uplinks";
    FormatTts: "The Things Stack v3 上行", "The Things Stack v3 uplinks";
    FormatHj212: "HJ 212 环境监测", "HJ 212 packets";
    FormatNgsiLd: "NGSI-LD 实体", "NGSI-LD entities";
    FormatCloudevents: "CloudEvents 1.0", "CloudEvents 1.0";
    FormatGtfsRt: "GTFS 实时（车辆与告警）", "GTFS Realtime";
    FormatCap: "CAP 预警", "CAP warnings";
    FormatOpen311: "Open311 诉求", "Open311 requests";
    FormatSparkplug: "Sparkplug B", "Sparkplug B";
    MapsEvents: "事件数据为厂商 JSON", "The event's data are a vendor's JSON";
    TimeRfc3339: "RFC 3339（含时区）", "RFC 3339 with offset";
    TimeUnixS: "Unix 秒", "Unix seconds";
    TimeUnixMs: "Unix 毫秒", "Unix milliseconds";
    TimeUnixUs: "Unix 微秒", "Unix microseconds";
    TimeLocal: "城市本地时间", "the city's local time";
    Mean: "平均", "mean";
    Max: "最大", "greatest";
    Min: "最小", "least";
    Sum: "合计", "sum";
    Last: "最新", "newest";
    Count: "条数", "number of readings";
    Assets: "部件数", "number of assets";
    OtherAggregate: "其他", "another";
    Public: "公开", "public";
    Internal: "内部", "internal";
    Sensitive: "敏感", "sensitive";
    UnknownFeed: "没有数据源接收此主题", "No feed listens to the topic";
    TooLarge: "报文过大", "Too large";
    BadJson: "不是 JSON", "No JSON";
    BadShape: "结构不符", "Another shape";
    BadId: "编号无效", "Bad id";
    UnknownProperty: "未知属性", "Unknown property";
    BadUnit: "单位无法换算", "Unit does not convert";
    OutOfRange: "数值超出有效范围", "Out of range";
    BadTime: "时间无法识别", "Unreadable time";
    AbsurdTime: "时间不合理", "Absurd time";
    BadPosition: "位置无效", "Bad position";
    NoValue: "没有数值", "No value";
    TooMany: "读数过多", "Too many readings";
    StageSource: "接收", "On arrival";
    StageDecode: "解码", "Decoding";
    StageValidate: "校验", "Validation";
    StageFold: "入库", "Taking in";
}

/// Formats in the order of the list.
pub(crate) const FORMATS: [Format; 8] = [
    Format::MappedJson,
    Format::EgretJson,
    Format::ChirpstackV4,
    Format::TtsV3,
    Format::Senml,
    Format::Cloudevents,
    Format::NgsiLd,
    Format::Hj212,
];

/// The word for a format.
pub(crate) fn format_word(format: Format) -> Connect {
    match format {
        Format::EgretJson => Connect::FormatEgret,
        Format::MappedJson => Connect::FormatMapped,
        Format::Senml => Connect::FormatSenml,
        Format::ChirpstackV4 => Connect::FormatChirpstack,
        Format::TtsV3 => Connect::FormatTts,
        Format::Hj212 => Connect::FormatHj212,
        Format::NgsiLd => Connect::FormatNgsiLd,
        Format::Cloudevents => Connect::FormatCloudevents,
        Format::GtfsRt => Connect::FormatGtfsRt,
        Format::Cap => Connect::FormatCap,
        Format::Open311 => Connect::FormatOpen311,
        Format::SparkplugB => Connect::FormatSparkplug,
    }
}

/// Ways to write time, each with its word in the feed's definition.
pub(crate) const TIME_FORMS: [(TimeForm, &str, Connect); 5] = [
    (TimeForm::Rfc3339, "rfc3339", Connect::TimeRfc3339),
    (TimeForm::UnixS, "unix_s", Connect::TimeUnixS),
    (TimeForm::UnixMs, "unix_ms", Connect::TimeUnixMs),
    (TimeForm::UnixUs, "unix_us", Connect::TimeUnixUs),
    (TimeForm::Local, "local", Connect::TimeLocal),
];

/// Datums, with their names.
pub(crate) const DATUMS: [(Crs, &str, &str); 4] = [
    (Crs::Wgs84, "wgs84", "WGS 84 (GPS)"),
    (Crs::Gcj02, "gcj02", "GCJ-02"),
    (Crs::Bd09, "bd09", "BD-09"),
    (Crs::Cgcs2000, "cgcs2000", "CGCS2000"),
];

/// Aggregates that tiles are offered with, the first unless somebody says otherwise.
pub(crate) const AGGREGATES: [Aggregate; 7] = [
    Aggregate::Mean,
    Aggregate::Max,
    Aggregate::Min,
    Aggregate::Last,
    Aggregate::Sum,
    Aggregate::Count,
    Aggregate::DistinctAssets,
];

/// The word for an aggregate.
pub(crate) fn aggregate_name(aggregate: &Aggregate) -> Connect {
    match aggregate {
        Aggregate::Mean => Connect::Mean,
        Aggregate::Max => Connect::Max,
        Aggregate::Min => Connect::Min,
        Aggregate::Sum => Connect::Sum,
        Aggregate::Last => Connect::Last,
        Aggregate::Count => Connect::Count,
        Aggregate::DistinctAssets => Connect::Assets,
        _ => Connect::OtherAggregate,
    }
}

/// Classes, each with its word in the feed's definition.
pub(crate) const CLASSES: [(Classification, &str, Connect); 3] = [
    (Classification::Public, "public", Connect::Public),
    (Classification::Internal, "internal", Connect::Internal),
    (Classification::Sensitive, "sensitive", Connect::Sensitive),
];

/// Every reason, in the order of the way in.
pub(crate) const REASONS: [Reason; 13] = [
    Reason::UnknownFeed,
    Reason::TooLarge,
    Reason::BadJson,
    Reason::BadShape,
    Reason::BadId,
    Reason::UnknownProperty,
    Reason::BadUnit,
    Reason::OutOfRange,
    Reason::BadTime,
    Reason::AbsurdTime,
    Reason::BadPosition,
    Reason::NoValue,
    Reason::TooMany,
];

/// The word for the stage that refused a message, by the server's name of it.
pub(crate) fn stage_word(stage: &str) -> Option<Connect> {
    Some(match stage {
        "source" => Connect::StageSource,
        "decode" => Connect::StageDecode,
        "validate" => Connect::StageValidate,
        "fold" => Connect::StageFold,
        _ => return None,
    })
}

/// The words for why a message is refused.
pub(crate) fn reason_word(reason: Reason) -> Connect {
    match reason {
        Reason::UnknownFeed => Connect::UnknownFeed,
        Reason::TooLarge => Connect::TooLarge,
        Reason::BadJson => Connect::BadJson,
        Reason::BadShape => Connect::BadShape,
        Reason::BadId => Connect::BadId,
        Reason::UnknownProperty => Connect::UnknownProperty,
        Reason::BadUnit => Connect::BadUnit,
        Reason::OutOfRange => Connect::OutOfRange,
        Reason::BadTime => Connect::BadTime,
        Reason::AbsurdTime => Connect::AbsurdTime,
        Reason::BadPosition => Connect::BadPosition,
        Reason::NoValue => Connect::NoValue,
        Reason::TooMany => Connect::TooMany,
    }
}
