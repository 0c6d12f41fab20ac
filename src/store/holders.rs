//! Who holds a lock on a database, and on what kind of disk it lies: questions to the system, answered where it can.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::paths::beside;

/// The other process that holds a write lock on this database, as `flightdeck (process 4711)`.
pub(super) fn of(file: &Path) -> Option<String> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let pid = [beside(file, "-shm"), file.to_owned()]
        .iter()
        .filter_map(|f| fs::metadata(f).ok())
        .find_map(|meta| writer(&locks, meta.ino(), std::process::id()))?;
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    let name = name.trim();
    Some(if name.is_empty() {
        format!("process {pid}")
    } else {
        format!("{name} (process {pid})")
    })
}

/// Looks through the text of `/proc/locks` for a writer: `1: POSIX  ADVISORY  WRITE 4711 08:01:1234 120 120`.
fn writer(locks: &str, inode: u64, own: u32) -> Option<u32> {
    locks.lines().find_map(|line| {
        let mut fields = line
            .split_ascii_whitespace()
            .skip_while(|f| *f != "WRITE")
            .skip(1);
        let pid: u32 = fields.next()?.parse().ok()?;
        let of: u64 = fields.next()?.rsplit(':').next()?.parse().ok()?;
        (of == inode && pid != own && !line.contains("->")).then_some(pid)
    })
}

/// The name of the network file system a path lies on; none on a local disk, or where it is not known.
#[cfg(target_os = "linux")]
pub(super) fn network(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    #[expect(
        clippy::cast_sign_loss,
        clippy::cast_possible_truncation,
        reason = "the magic numbers are 32 bits wide, the field's type differs by platform"
    )]
    network_name(kind as u32)
}

/// The name of the network file system a path lies on; not known on this system.
#[cfg(not(target_os = "linux"))]
pub(super) fn network(_path: &Path) -> Option<&'static str> {
    None
}

/// The file systems over which `SQLite`'s shared memory can't be trusted, by the magic numbers of statfs(2).
#[cfg(target_os = "linux")]
fn network_name(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "nfs",
        0x517b => "smb",
        0xfe53_4d42 => "smb2",
        0xff53_4d42 => "cifs",
        0x0102_1997 => "9p",
        0x5346_414f | 0x6b41_4653 => "afs",
        0x00c3_6400 => "ceph",
        0x0bd0_0bd0 => "lustre",
        0x7375_7245 => "coda",
        0x4750_4653 => "gpfs",
        // sshfs and most of its kind; a local one only loses some speed by it.
        0x6573_5546 => "fuse",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_writer_is_found_among_the_locks() {
        let locks = "1: POSIX  ADVISORY  READ 10 08:01:77 128 128\n\
                     2: POSIX  ADVISORY  WRITE 11 08:01:77 120 120\n\
                     2: -> POSIX  ADVISORY  WRITE 12 08:01:78 120 120\n\
                     3: FLOCK  ADVISORY  WRITE 13 08:01:79 0 EOF\n";
        assert_eq!(writer(locks, 77, 1), Some(11));
        assert_eq!(writer(locks, 77, 11), None, "not ourselves");
        assert_eq!(writer(locks, 78, 1), None, "one that waits holds nothing");
        assert_eq!(writer(locks, 79, 1), Some(13));
        assert_eq!(writer("nonsense\n\n", 79, 1), None);
    }

    #[test]
    fn disks_are_told_apart() {
        assert_eq!(network_name(0x6969), Some("nfs"));
        assert_eq!(network_name(0xef53), None, "ext4 is local");
        assert_eq!(network_name(0x0102_1994), None, "tmpfs is local");
    }
}
