//! The identity of a process, so that another one can tell whether it still lives: machine, boot, number and start.

use std::fs;
use std::process::Command;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use crate::domain::rollback::journal::Owner;

/// Whether a process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alive {
    /// It lives.
    Yes,
    /// It is gone for certain.
    No,
    /// It can't be told from here: another machine, or another container on it.
    NotKnown,
}

/// This process.
pub fn own() -> Owner {
    let pid = std::process::id();
    Owner {
        pid,
        boot: boot(),
        host: host(),
        started: match look(pid) {
            Seen::Running(started) => started,
            Seen::Gone | Seen::NotKnown => String::new(),
        },
    }
}

/// Whether the owner lives. "No" only where that is certain, since who is told so takes its place.
pub fn is_alive(owner: &Owner) -> Alive {
    judge(owner, &host(), &boot(), |pid| {
        let Some(raw) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
            return Seen::Gone;
        };
        match test_kill_process(raw) {
            Err(Errno::SRCH) => Seen::Gone,
            _ => look(pid),
        }
    })
}

/// What is seen of a process number.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// A process has it; its start.
    Running(String),
    /// Nobody has it, or only a process that has ended.
    Gone,
    /// It can't be looked at.
    NotKnown,
}

fn judge(owner: &Owner, host: &str, boot: &str, see: impl FnOnce(u32) -> Seen) -> Alive {
    let (boot, space) = boot.split_once(' ').unwrap_or((boot, ""));
    let (their_boot, their_space) = owner.boot.split_once(' ').unwrap_or((&owner.boot, ""));
    if owner.host != host || host.is_empty() || boot.is_empty() || their_boot.is_empty() {
        return Alive::NotKnown;
    }
    if their_boot != boot {
        return Alive::No;
    }
    // Process numbers mean nothing across namespaces (containers with the machine's name).
    if their_space != space {
        return Alive::NotKnown;
    }
    match see(owner.pid) {
        Seen::Gone => Alive::No,
        Seen::Running(started)
            if !started.is_empty() && !owner.started.is_empty() && started != owner.started =>
        {
            Alive::No
        }
        Seen::Running(_) => Alive::Yes,
        Seen::NotKnown => Alive::NotKnown,
    }
}

fn host() -> String {
    fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .map(|t| t.trim().to_owned())
        .filter(|t| !t.is_empty())
        .or_else(|| say("uname", &["-n"]))
        .unwrap_or_default()
}

/// The boot's id; followed by the namespace of process numbers where that is not the machine's own.
fn boot() -> String {
    /// The kernel's fixed number of its first namespace (`PROC_PID_INIT_INO`).
    const FIRST: &str = "pid:[4026531836]";
    let Ok(id) = fs::read_to_string("/proc/sys/kernel/random/boot_id") else {
        return say("sysctl", &["-n", "kern.boottime"])
            .map(|t| t.replace(' ', "_"))
            .unwrap_or_default();
    };
    match fs::read_link("/proc/self/ns/pid") {
        Ok(space) if space.as_os_str() != FIRST => {
            format!("{} {}", id.trim(), space.display())
        }
        _ => id.trim().to_owned(),
    }
}

fn look(pid: u32) -> Seen {
    if cfg!(target_os = "linux") {
        return match fs::read_to_string(format!("/proc/{pid}/stat")) {
            Ok(stat) => start_ticks(&stat),
            Err(_) => Seen::NotKnown,
        };
    }
    let id = pid.to_string();
    match say("ps", &["-o", "lstart=", "-p", &id]) {
        Some(start) => Seen::Running(start),
        None => Seen::NotKnown,
    }
}

/// Field 22 of `/proc/PID/stat`. The second field, the name in parentheses, may hold anything.
fn start_ticks(stat: &str) -> Seen {
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return Seen::NotKnown;
    };
    let mut fields = rest.split_ascii_whitespace();
    match (fields.next(), fields.nth(18)) {
        // A zombie, or one that is being removed: it does nothing any more.
        (Some("Z" | "X" | "x"), _) => Seen::Gone,
        (Some(_), Some(ticks)) => Seen::Running(ticks.to_owned()),
        _ => Seen::NotKnown,
    }
}

fn say(program: &str, args: &[&str]) -> Option<String> {
    let out = Command::new(program)
        .args(args)
        .env("LC_ALL", "C")
        .output()
        .ok()
        .filter(|o| o.status.success())?;
    let text = String::from_utf8_lossy(&out.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner() -> Owner {
        Owner {
            pid: 7,
            boot: "b1".to_owned(),
            host: "h".to_owned(),
            started: "100".to_owned(),
        }
    }

    #[test]
    fn only_what_is_certain_is_dead() {
        let running = |t: &str| Seen::Running(t.to_owned());
        let o = owner();
        assert_eq!(judge(&o, "h", "b1", |_| running("100")), Alive::Yes);
        assert_eq!(judge(&o, "h", "b1", |_| running("101")), Alive::No);
        assert_eq!(judge(&o, "h", "b1", |_| Seen::Gone), Alive::No);
        assert_eq!(judge(&o, "h", "b1", |_| Seen::NotKnown), Alive::NotKnown);
        assert_eq!(judge(&o, "h", "b2", |_| running("100")), Alive::No);
        assert_eq!(judge(&o, "other", "b2", |_| Seen::Gone), Alive::NotKnown);
        assert_eq!(judge(&o, "h", "", |_| Seen::Gone), Alive::NotKnown);
        assert_eq!(
            judge(&o, "h", "b1 pid:[9]", |_| Seen::Gone),
            Alive::NotKnown
        );
        assert_eq!(judge(&o, "h", "b2 pid:[9]", |_| Seen::Gone), Alive::No);
    }

    #[test]
    fn names_with_parentheses_do_not_shift_the_fields() {
        let tail = "S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20";
        let stat = format!("7 (a) b (c d)) {tail}");
        assert_eq!(start_ticks(&stat), Seen::Running("4242".to_owned()));
        assert_eq!(start_ticks(&stat.replace(" S ", " Z ")), Seen::Gone);
        assert_eq!(start_ticks("nonsense"), Seen::NotKnown);
    }

    #[test]
    fn this_process_lives_and_an_ended_one_does_not() {
        let me = own();
        assert_eq!(me.pid, std::process::id());
        assert_eq!(is_alive(&me), Alive::Yes);
        let mut child = Command::new("sleep").arg("600").spawn().unwrap();
        let Seen::Running(started) = look(child.id()) else {
            panic!("the child runs");
        };
        let theirs = Owner {
            pid: child.id(),
            started,
            ..me.clone()
        };
        assert_eq!(is_alive(&theirs), Alive::Yes);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(is_alive(&theirs), Alive::No);
        let reused = Owner {
            started: "1".to_owned(),
            ..me
        };
        assert_eq!(is_alive(&reused), Alive::No);
    }
}
