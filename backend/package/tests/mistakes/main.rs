//! Every kind of mistake is told once, at its line and column, in a sentence that helps.

#[cfg(test)]
mod areas;
#[cfg(test)]
mod casework;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod city;
#[cfg(test)]
mod commands;
#[cfg(test)]
mod feeds;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod polls;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod scenes;
#[cfg(test)]
mod sparkplug;
#[cfg(test)]
mod told;
#[cfg(test)]
mod whole;
