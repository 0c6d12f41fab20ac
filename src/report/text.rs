//! Aligned text for people: columns as wide as their widest cell, nothing at the end of a line.

use unicode_width::UnicodeWidthStr;

/// Rows as aligned lines, two spaces between the columns. A row's last cell is never padded.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns)
        .map(|i| {
            rows.iter()
                .filter_map(|r| r.get(i))
                .map(|c| c.width())
                .max()
                .unwrap_or(0)
        })
        .collect();
    // A column that is empty everywhere takes no room.
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(
                ' ',
                width.saturating_sub(cell.width()) + 2,
            ));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// `1 change`, `12 changes`.
pub fn counted(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_by_what_is_seen() {
        let rows = [["a", "", "one"], ["日本", "", "two"], ["ccc", "", ""]]
            .map(|r| r.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "a     one\n日本  two\nccc\n");
        assert_eq!(counted(1, "change"), "1 change");
        assert_eq!(counted(0, "change"), "0 changes");
    }
}
