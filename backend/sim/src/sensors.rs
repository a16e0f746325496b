//! Fixed sensors: what each feed's assets measure, now and here.
//!
//! The models of a domain are one file below; a feed is one function and one line in
//! [`model_of`]. A feed without a model stays silent, and the run's summary names it. Values are
//! in the unit of `properties.toml`.

use egret_shared::time::TimeMs;

use crate::curve::rounded;
use crate::dice::Dice;
use crate::drainage::Drainage;
use crate::mishap::Mishaps;
use crate::plane::Point;
use crate::rain::Rain;

mod causes;
mod economy;
mod emergency;
mod environment;
mod mobility;
mod services;
mod water;

pub(crate) use causes::causes;

/// A property's id and its value.
pub(crate) type Measured = (&'static str, f64);

/// How a feed's assets measure.
pub(crate) type Model = fn(&mut Sensor, &Scene<'_>) -> Vec<Measured>;

/// The registry: one line per feed.
pub(crate) fn model_of(feed: &str) -> Option<Model> {
    Some(match feed {
        "manhole" => water::manhole,
        "ponding" => water::ponding,
        "rain" => water::rain,
        "tide" => water::tide,
        "reservoir" => water::reservoir,
        "river" => water::river,
        "lake" => water::lake,
        "pump" => water::pump,
        "water-quality" => water::water_quality,
        "water-supply" => water::water_supply,
        "air" => environment::air,
        "noise" => environment::noise,
        "weather" => environment::weather,
        "dust" => environment::dust,
        "crossing" => mobility::crossing,
        "arterial" => mobility::arterial,
        "metro" => mobility::metro,
        "parking" => mobility::parking,
        "airport" => mobility::airport,
        "bike" => mobility::bike,
        "port" => economy::port,
        "crowd" => services::crowd,
        "gas" => services::gas,
        "bridge" => services::bridge,
        "hotline-desk" => services::hotline_desk,
        "street-light" => services::street_light,
        "waste" => services::waste,
        "service-hall" => services::service_hall,
        "online-service" => services::online_service,
        "power" => economy::power,
        "tourism" => economy::tourism,
        "market" => economy::market,
        "tax" => economy::tax,
        "warning" => emergency::warning,
        "rescue-team" => emergency::rescue_team,
        "shelter" => emergency::shelter,
        _ => return None,
    })
}

/// What is the same for all sensors at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene<'a> {
    /// When.
    pub(crate) at: TimeMs,
    /// Hours since local midnight.
    pub(crate) hour: f64,
    /// Whether it is Saturday or Sunday.
    pub(crate) weekend: bool,
    /// How full the roads are, 0 to 1.
    pub(crate) rush: f64,
    /// How much of the storm's sky is overhead, 0 to 1.
    pub(crate) cloud: f64,
    /// How much trouble standing water makes, 0 to 1.
    pub(crate) trouble: f64,
    /// The rain.
    pub(crate) rain: &'a Rain,
    /// The drains.
    pub(crate) drainage: &'a Drainage,
    /// What the day brings by chance.
    pub(crate) mishaps: &'a Mishaps,
}

impl Scene<'_> {
    /// What of something is left on such a day: `share` of it at weekends, all of it otherwise.
    pub(crate) fn on_weekends(&self, share: f64) -> f64 {
        if self.weekend { share } else { 1.0 }
    }
}

/// How many independent wanderings a sensor has.
const WANDERINGS: usize = 6;

/// One fixed sensor.
#[derive(Clone, Debug)]
pub(crate) struct Sensor {
    /// Where it stands.
    pub(crate) point: Point,
    /// Its number among its feed's sensors.
    pub(crate) rank: usize,
    /// The nearest rain gauge.
    pub(crate) gauge: usize,
    /// Ponding gauges whose water it feels.
    pub(crate) low_points: Vec<usize>,
    /// What makes it different from the others of its kind, each 0 to 1.
    pub(crate) nature: [f64; 3],
    wanderings: [f64; WANDERINGS],
    measured: TimeMs,
    dt_s: f64,
    dice: Dice,
}

impl Sensor {
    /// A sensor at `point`, number `rank` of its feed.
    pub(crate) fn new(
        point: Point,
        rank: usize,
        gauge: usize,
        low_points: Vec<usize>,
        at: TimeMs,
        mut dice: Dice,
    ) -> Self {
        Self {
            point,
            rank,
            gauge,
            low_points,
            nature: std::array::from_fn(|_| dice.unit()),
            wanderings: std::array::from_fn(|_| dice.normal().clamp(-2.0, 2.0)),
            measured: at,
            dt_s: 0.0,
            dice,
        }
    }

    /// Measures with `model`; `interval_s` stands in for the time since the first measurement.
    pub(crate) fn measure(
        &mut self,
        model: Model,
        scene: &Scene<'_>,
        interval_s: f64,
    ) -> Vec<Measured> {
        let passed_s = scene.at.since(self.measured).ms() as f64 / 1_000.0;
        let fresh = passed_s <= 0.0 || passed_s > 4.0 * interval_s;
        self.dt_s = if fresh { interval_s } else { passed_s };
        self.measured = scene.at;
        model(self, scene)
    }

    /// Noise with memory: mean 0, deviation 1, forgotten after about `memory_s`. Slots are
    /// independent; a slot beyond the last is plain noise.
    fn wander(&mut self, slot: usize, memory_s: f64) -> f64 {
        let fresh = self.dice.normal();
        let keep = (-self.dt_s / memory_s).exp();
        let Some(wandering) = self.wanderings.get_mut(slot) else {
            return fresh;
        };
        *wandering = keep * *wandering + (1.0 - keep * keep).sqrt() * fresh;
        wandering.clamp(-2.5, 2.5)
    }

    /// How long since the last measurement, s.
    fn passed_s(&self) -> f64 {
        self.dt_s
    }

    /// How many events were there since the last measurement, at a mean of `per_s` a second.
    fn count(&mut self, per_s: f64) -> f64 {
        f64::from(self.dice.poisson(per_s * self.dt_s))
    }

    /// The value at `share` between `low` and `high`, unsettled by `spread` of that range.
    fn band(&mut self, slot: usize, range: [f64; 2], share: f64, spread: f64) -> f64 {
        let [low, high] = range;
        let noisy = share + spread * self.wander(slot, 1_200.0);
        low + (high - low) * noisy.clamp(-0.05, 1.05)
    }

    /// Which of its three natures, 0 to 1.
    fn nature(&self, which: usize) -> f64 {
        self.nature.get(which).copied().unwrap_or(0.5)
    }

    /// The deepest water near it, mm.
    fn water_near_mm(&self, scene: &Scene<'_>) -> f64 {
        let depths = self.low_points.iter();
        depths
            .map(|low_point| scene.drainage.depth_mm(*low_point, scene.at, scene.rain))
            .fold(0.0, f64::max)
    }

    /// How hard it rains here, mm/h.
    fn raining_mm_h(&self, scene: &Scene<'_>) -> f64 {
        scene.rain.intensity_mm_h(self.gauge, scene.at)
    }
}

/// A value as a sensor tells it: rounded, and never "minus zero".
fn told(property: &'static str, v: f64, decimals: i32) -> Measured {
    (property, rounded(v, decimals) + 0.0)
}
