//! A real Prometheus scrapes the simulated services each second; the program, asked about it, says degraded. Needs `prometheus` on
//! the PATH (Debian's package of that name); takes about four minutes, since a real server can't be hurried.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::support::sealed;

/// A process that ends with the test.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn flightdeck(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flightdeck"));
    command
        .env_clear()
        .envs(sealed(dir))
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdin(Stdio::null());
    command
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn a_real_prometheus_sees_the_bad_deploy_degrade() {
    let dir = tempfile::tempdir().unwrap();
    let mut demo = flightdeck(dir.path())
        .args(["demo", "--serve", "--deploy-in", "60s"])
        .stdout(Stdio::piped())
        .spawn()
        .map(Owned)
        .unwrap();
    let mut line = String::new();
    BufReader::new(demo.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let served: Value = serde_json::from_str(&line).unwrap();

    let metrics = served["metrics_url"]
        .as_str()
        .unwrap()
        .trim_start_matches("http://")
        .trim_end_matches("/metrics");
    let scrape = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- {{job_name: demo, static_configs: [{{targets: ['{metrics}']}}]}}\n"
    );
    fs::write(dir.path().join("prometheus.yml"), scrape).unwrap();
    let port = free_port();
    let mut prometheus = Command::new("prometheus")
        .arg(format!("--config.file={}", dir.path().join("prometheus.yml").display()))
        .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map(Owned)
        .expect("`prometheus` is needed for this test: install Debian's package, or skip it with `-- --skip live`");
    // Its log must not fill the pipe.
    let mut log = prometheus.0.stderr.take().unwrap();
    std::thread::spawn(move || drop(std::io::copy(&mut log, &mut std::io::sink())));

    let config = fs::read_to_string(served["config"].as_str().unwrap()).unwrap();
    let simulated = served["prometheus_url"].as_str().unwrap();
    assert!(config.contains(simulated));
    let file = dir.path().join("config.toml");
    fs::write(
        &file,
        config.replace(simulated, &format!("http://127.0.0.1:{port}")),
    )
    .unwrap();

    let start = Instant::now();
    let limit = Duration::from_mins(7);
    loop {
        let mut asked = flightdeck(dir.path())
            .args([
                "verdict",
                "--service",
                "checkout",
                "--env",
                "production",
                "--json",
                "--config",
            ])
            .arg(&file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut text = String::new();
        asked
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let code = asked.wait().unwrap().code();
        if code == Some(3) {
            let verdict: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(verdict["verdict"], "degraded", "{verdict:#}");
            assert_eq!(verdict["advise_rollback"], true);
            return;
        }
        assert!(
            start.elapsed() < limit,
            "not degraded within {limit:?}: exit {code:?}, {text}"
        );
        std::thread::sleep(Duration::from_secs(5));
    }
}
