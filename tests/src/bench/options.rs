//! What to measure with: `cargo xtask bench -- --messages 100000 --quick`.

/// The settings of a run.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Messages of one flood.
    pub messages: u64,
    /// Messages that a connection may leave unacknowledged in a flood.
    pub window: usize,
    /// Floods of which the median counts.
    pub runs: usize,
    /// Length of a paced load, in seconds.
    pub seconds: u64,
    /// Length of a flood of alerts, in seconds.
    pub flood_seconds: u64,
    /// Whether Mosquitto runs beside it.
    pub yardstick: bool,
    /// The one part to measure; all of them if there is none.
    pub only: Option<Part>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Floods, beside the yardstick.
    Ingest,
    /// From publish to WebSocket.
    Delay,
    /// The same beside a gateway that sends its store.
    Store,
    /// To many clients.
    FanOut,
    /// A flood of alerts.
    Alerts,
    /// To a client that looks at a part of the city.
    Viewport,
}

impl Part {
    fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "ingest" => Self::Ingest,
            "delay" => Self::Delay,
            "store" => Self::Store,
            "fan-out" => Self::FanOut,
            "alerts" => Self::Alerts,
            "viewport" => Self::Viewport,
            _ => return None,
        })
    }
}

/// Connections of every load, as the rivals were measured with.
pub const CONNECTIONS: usize = 8;

/// The window that `mosquitto_pub` and most client libraries have by default.
pub const COMMON_WINDOW: usize = 20;

const HELP: &str = "\
--messages N    messages of one flood [default: 400000]
--window N      in-flight messages of a connection in a flood [default: 500]
--runs N        floods, the median counts [default: 3]
--seconds N     length of a paced load [default: 10]
--no-yardstick  leave Mosquitto out
--only PART     one part: ingest, delay, store, fan-out, alerts, viewport
--quick         a look: 40000 messages, one flood, 3 seconds, alerts for 6";

impl Default for Options {
    fn default() -> Self {
        Self {
            messages: 400_000,
            window: 500,
            runs: 3,
            seconds: 10,
            flood_seconds: 60,
            yardstick: true,
            only: None,
        }
    }
}

impl Options {
    /// Whether `part` is to be measured.
    pub fn measures(&self, part: Part) -> bool {
        self.only.is_none_or(|only| only == part)
    }

    /// What the command line says.
    pub fn of_this_run() -> Self {
        let mut options = Self::default();
        let mut words = std::env::args().skip(1).filter(|word| word != "--");
        while let Some(word) = words.next() {
            if word == "--only" {
                let part = words.next().unwrap_or_default();
                let known = Part::parse(&part);
                assert!(known.is_some(), "--only {part:?} is no part\n{HELP}");
                options.only = known;
                continue;
            }
            let mut number = || {
                let text = words.next().unwrap_or_default();
                let number = text.parse::<u32>().ok().filter(|&number| number > 0);
                number.unwrap_or_else(|| panic!("{word} {text:?} is no number from 1 on\n{HELP}"))
            };
            match word.as_str() {
                "--messages" => options.messages = u64::from(number()),
                "--window" => options.window = number() as usize,
                "--runs" => options.runs = number() as usize,
                "--seconds" => options.seconds = u64::from(number()),
                "--no-yardstick" => options.yardstick = false,
                "--quick" => {
                    (options.messages, options.runs, options.seconds) = (40_000, 1, 3);
                    options.flood_seconds = 6;
                }
                _ => panic!("{word} is unknown\n{HELP}"),
            }
        }
        options
    }
}
