//! Temporary.
use egret_sim::*;
use std::sync::Arc;
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let files = egret_package::folder::read(std::path::Path::new("assets/xiamen")).unwrap();
    let package = egret_package::Package::load(&files).unwrap();
    let roads = road_layer(&package, &files);
    let speed: f64 = args[2].parse().unwrap();
    let t = std::time::Instant::now();
    let options = Options {
        broker: args[1].clone(),
        roads,
        scenario: Scenario::Storm,
        storm_offset: Some(STORM_PEAK),
        speed,
        start: if speed == 1.0 {
            None
        } else {
            Some(egret_shared::time::TimeMs(1_782_079_500_000))
        },
        duration: Some(egret_shared::time::Span::parse(&args[3]).unwrap()),
        ..Options::default()
    };
    let mut plan = Plan::new(
        &package,
        &options,
        egret_shared::time::TimeMs(1_782_079_500_000),
    )
    .unwrap();
    println!("plan built {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let n: usize = plan.by_ref().take(300_000).map(|m| m.payload.len()).sum();
    println!("300k messages, {n} bytes {:?}", t.elapsed());
    let t = std::time::Instant::now();
    let s = run(
        options,
        Arc::new(package),
        tokio_util::sync::CancellationToken::new(),
    )
    .await
    .unwrap();
    println!("{s:?} {:?}", t.elapsed());
}
