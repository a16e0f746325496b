//! A small trend without axes, beside a figure.

use leptos::prelude::*;

use crate::lasting::Kept;
use crate::store::trend::Trend;
use crate::widget::scale::{Scale, extent};

/// What is drawn of a small trend.
#[derive(Clone, Debug, Default, PartialEq)]
struct Drawing {
    line: String,
    surface: String,
    end: Option<(f64, f64)>,
}

fn drawing(trend: &Trend) -> Drawing {
    let Some(last) = trend.samples().last() else {
        return Drawing::default();
    };
    let (low, high) = extent(trend.samples().filter_map(|sample| sample.v));
    let scale = Scale {
        from: last.at.minus(trend.shown(last.at)),
        to: last.at,
        low,
        high,
    };
    Drawing {
        line: scale.line(trend.samples()),
        surface: scale.surface(trend.samples()),
        end: last.v.map(|v| (scale.x(last.at), scale.y(v))),
    }
}

/// The trend; decoration for the figure beside it, so hidden from screen readers.
#[component]
pub(crate) fn Spark(trend: Kept<Trend>) -> impl IntoView {
    let drawing = Memo::new(move |_| drawing(&trend.read()));
    let x = move || drawing.read().end.map_or(0.0, |end| end.0);
    let y = move || drawing.read().end.map_or(0.0, |end| end.1);
    view! {
        <div class="spark" aria-hidden="true">
            <svg viewBox="0 0 100 100" preserveAspectRatio="none">
                <path class="surface" d=move || drawing.read().surface.clone() />
                <path class="line" d=move || drawing.read().line.clone() />
            </svg>
            <i
                class="dot"
                class:none=move || drawing.read().end.is_none()
                style:left=move || format!("{:.2}%", x())
                style:top=move || format!("{:.2}%", y())
            ></i>
        </div>
    }
}
