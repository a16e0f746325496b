//! What vendors call things: words by which a field of a message is recognized. They only propose;
//! whoever connects the feed sees and changes what was made of them.

use super::super::draft::Role;

/// Whole names, in small letters and without separators, of what is not a value.
const ROLES: [(Role, &[&str]); 5] = [
    (
        Role::Asset,
        &[
            "id",
            "deviceid",
            "devid",
            "sensorid",
            "stationid",
            "assetid",
            "meterid",
            "nodeid",
            "sn",
            "serial",
            "serialnumber",
            "serialno",
            "deveui",
            "imei",
            "device",
            "devicecode",
            "devicesn",
            "deviceno",
            "deviceuid",
            "uid",
            "uuid",
            "stationcode",
            "code",
            "mn",
            "设备编号",
            "设备id",
            "编号",
            "站点编号",
            "设备编码",
            "设备号",
        ],
    ),
    (
        Role::Time,
        &[
            "ts",
            "time",
            "timestamp",
            "t",
            "at",
            "datetime",
            "date",
            "observedat",
            "sampletime",
            "collecttime",
            "reporttime",
            "createtime",
            "gmttime",
            "datatime",
            "devicetime",
            "utc",
            "tsms",
            "tsus",
            "时间",
            "采集时间",
            "上报时间",
            "监测时间",
        ],
    ),
    (Role::Lon, &["lon", "lng", "long", "longitude", "x", "经度"]),
    (Role::Lat, &["lat", "latitude", "y", "纬度"]),
    (
        Role::Message,
        &[
            "msgid",
            "messageid",
            "seq",
            "seqno",
            "sequence",
            "mid",
            "eventid",
            "消息编号",
        ],
    ),
];

/// Numbers that say how the device does, not how the city does.
const OF_THE_DEVICE: [&str; 22] = [
    "battery",
    "batt",
    "bat",
    "batteryvoltage",
    "batterylevel",
    "rssi",
    "snr",
    "csq",
    "signal",
    "fcnt",
    "fport",
    "dr",
    "version",
    "ver",
    "firmware",
    "fw",
    "status",
    "code",
    "port",
    "channel",
    "电量",
    "信号",
];

/// What the name of a value says of it: unit, and the least and greatest that is believed.
pub(super) struct Kind {
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) unit: &'static str,
    pub(super) range: [&'static str; 2],
}

/// By whole names, in small letters and without separators.
const KINDS: [(&[&str], Kind); 13] = [
    (
        &["temp", "temperature", "t1", "温度"],
        Kind::of("温度", "Temperature", "Cel", ["-50", "80"]),
    ),
    (
        &["hum", "humidity", "rh", "湿度"],
        Kind::of("湿度", "Humidity", "%", ["0", "100"]),
    ),
    (
        &["pm25", "pm2p5"],
        Kind::of("细颗粒物", "PM2.5", "ug/m3", ["0", "1000"]),
    ),
    (
        &["pm10"],
        Kind::of("可吸入颗粒物", "PM10", "ug/m3", ["0", "2000"]),
    ),
    (
        &["db", "dba", "noise", "leq", "laeq", "噪声", "噪音"],
        Kind::of("噪声", "Noise", "dB", ["0", "150"]),
    ),
    (
        &["level", "waterlevel", "水位", "液位"],
        Kind::of("水位", "Water level", "m", ["-10", "100"]),
    ),
    (
        &["depth", "积水", "积水深度"],
        Kind::of("积水深度", "Ponding depth", "cm", ["0", "500"]),
    ),
    (
        &["flow", "流量"],
        Kind::of("流量", "Flow", "m3/h", ["0", "100000"]),
    ),
    (
        &["pressure", "气压", "压力"],
        Kind::of("气压", "Pressure", "hPa", ["0", "2000"]),
    ),
    (
        &["co2", "二氧化碳"],
        Kind::of("二氧化碳", "CO2", "[ppm]", ["0", "10000"]),
    ),
    (
        &["rain", "rainfall", "雨量", "降雨量"],
        Kind::of("雨量", "Rainfall", "mm", ["0", "500"]),
    ),
    (
        &["windspeed", "风速"],
        Kind::of("风速", "Wind speed", "m/s", ["0", "100"]),
    ),
    (
        &["speed", "车速"],
        Kind::of("速度", "Speed", "km/h", ["0", "300"]),
    ),
];

impl Kind {
    const fn of(
        zh: &'static str,
        en: &'static str,
        unit: &'static str,
        range: [&'static str; 2],
    ) -> Self {
        Self {
            zh,
            en,
            unit,
            range,
        }
    }
}

/// A name in small letters, without what separates its parts.
pub(super) fn plain(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// What a name is known for, other than a value.
pub(super) fn role_of(name: &str) -> Option<Role> {
    let plain = plain(name);
    let is_its = |(_, names): &&(Role, &[&str])| names.contains(&plain.as_str());
    ROLES.iter().find(is_its).map(|(role, _)| *role)
}

/// How far up the list of its role a name stands: of two ids the one that says whose it is.
pub(super) fn rank(role: Role, name: &str) -> usize {
    let plain = plain(name);
    let of_role = ROLES.iter().find(|(known, _)| *known == role);
    let names = of_role.map_or(&[][..], |(_, names)| names);
    // "id" alone may be the message's; a longer word is meant.
    let generic =
        usize::from(matches!(plain.as_str(), "id" | "t" | "x" | "y" | "code")) * names.len();
    generic
        + names
            .iter()
            .position(|known| *known == plain)
            .unwrap_or(names.len())
}

/// Whether a number is of the device itself.
pub(super) fn is_of_the_device(name: &str) -> bool {
    OF_THE_DEVICE.contains(&plain(name).as_str())
}

/// What the name of a value says.
pub(super) fn kind_of(name: &str) -> Option<&'static Kind> {
    let plain = plain(name);
    let is_its = |(names, _): &&(&[&str], Kind)| names.contains(&plain.as_str());
    KINDS.iter().find(is_its).map(|(_, kind)| kind)
}
