//! Words of the map: its layers, its legend, its card.

use egret_shared::package::layer::LayerKind;

words! {
    /// A word of the map.
    enum MapWord;
    Layers: "图层", "Layers";
    Areas: "区域", "Areas";
    Assets: "设施与车辆", "Assets";
    Incidents: "案件", "Incidents";
    Geofences: "电子围栏", "Zones under watch";
    Warnings: "生效预警", "Warnings in force";
    Flows: "实测流量", "Measured flow";
    Heat: "告警密度", "Density of alerts";
    HeatOf: "热力", "heat";
    HeatByArea: "按区域统计，不含个案位置", "by area, no single places";
    FlowWidth: "线宽为流量", "Width: flow";
    FlowColour: "颜色为车速级别", "Colour: level of speed";
    Less: "疏", "few";
    More: "密", "many";
    Here: "处于此处", "here";
    Walk: "回车选中设施，方向键逐个移动，再按回车固定", "Enter picks an asset, arrow keys go to the next, Enter again keeps it open";
    NextWarning: "按 W 逐个查看预警", "W goes from warning to warning";
    Warning: "预警", "Warning";
    MorePlaces: "处预警", "more places with warnings";
    MoreWarnings: "条预警", "more warnings";
    MoreAssets: "个设施或车辆", "more assets";
    From: "起", "From";
    Until: "至", "to";
    NoEnd: "未注明解除时间", "no end given";
    IssuedBy: "发布单位", "Issued by";
    NotDrawn: "未绘出的范围", "Areas not drawn";
    NotHeard: "从未上报", "never heard of";
}

/// What a kind of layer is called.
pub(crate) fn layer_word(kind: LayerKind) -> MapWord {
    match kind {
        LayerKind::Areas => MapWord::Areas,
        LayerKind::Flows => MapWord::Flows,
        LayerKind::Heat => MapWord::Heat,
        LayerKind::Geofences => MapWord::Geofences,
        LayerKind::Warnings => MapWord::Warnings,
        LayerKind::Assets => MapWord::Assets,
        LayerKind::Incidents => MapWord::Incidents,
    }
}
