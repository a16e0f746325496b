//! What to play: `--seeds 20 --first 1 --pace 30 --standing --show`.

/// The settings of a run.
pub(crate) struct Run {
    /// How many seeds.
    pub(crate) seeds: u64,
    /// The first of them.
    pub(crate) first: u64,
    /// Storm seconds per second of event time, as the scenario is played.
    pub(crate) pace: f64,
    /// Whether to leave vehicles out: no rule watches them, and they send most of the messages.
    pub(crate) standing: bool,
    /// Whether to print the incidents too.
    pub(crate) show: bool,
}

impl Run {
    /// What the command line says.
    ///
    /// # Errors
    /// A sentence about a word that is not understood.
    pub(crate) fn of_this_run() -> Result<Self, String> {
        let mut run = Self {
            seeds: 20,
            first: 1,
            pace: 30.0,
            standing: false,
            show: false,
        };
        let mut words = std::env::args().skip(1).filter(|word| word != "--");
        while let Some(word) = words.next() {
            let mut number = || {
                let value = words.next().unwrap_or_default();
                let number = value.parse::<u32>();
                number.map_err(|error| {
                    format!("{word} needs a whole number, not \"{value}\": {error}")
                })
            };
            match word.as_str() {
                "--seeds" => run.seeds = u64::from(number()?),
                "--first" => run.first = u64::from(number()?),
                "--pace" => run.pace = f64::from(number()?),
                "--standing" => run.standing = true,
                "--show" => run.show = true,
                _ => {
                    return Err(format!(
                        "\"{word}\" is unknown: --seeds N, --first N, --pace N, --standing and --show are known"
                    ));
                }
            }
        }
        if run.seeds == 0 || run.pace < 1.0 {
            return Err("--seeds and --pace are 1 at least".to_owned());
        }
        Ok(run)
    }
}
