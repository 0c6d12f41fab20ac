//! A verdict as people read it: state, sentence, and the evidence as a table.

use super::text::table;
use crate::domain::signal::{Counts, Verdict};
use crate::domain::units::{percent, thousands};

/// The verdict in a few lines.
pub fn text(verdict: &Verdict) -> String {
    let mut out = format!("{}  {}\n", verdict.state.label(), verdict.summary);
    if verdict.advise_rollback {
        out.push_str("advice: roll back\n");
    }
    if let Some(n) = verdict.needs_requests {
        out.push_str("about ");
        out.push_str(&thousands(n));
        out.push_str(" more requests are needed to tell\n");
    }
    if verdict.evidence.is_empty() {
        return out;
    }
    let head = [
        "metric",
        "before",
        "after",
        "tolerated",
        "evidence",
        "limit",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(verdict.evidence.iter().map(|e| {
        vec![
            e.metric.clone(),
            counts(e.baseline),
            counts(e.after),
            percent(e.tolerated),
            format!("{:.2}", e.log_e),
            format!("{:.2}", e.limit),
        ]
    }));
    out.push('\n');
    out.push_str(&table(&rows));
    out
}

fn counts(counts: Counts) -> String {
    let ratio = counts.ratio().map_or_else(|| "–".to_owned(), percent);
    format!(
        "{ratio} ({} of {})",
        thousands(counts.x),
        thousands(counts.n)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::signal::{Bin, Judge, Mode, Settings};

    #[test]
    fn the_evidence_is_a_table() {
        let baseline: Vec<Bin> = (0..40).map(|i| Bin::new(-600 + i * 15, 250, 1)).collect();
        let mut judge = Judge::new(Mode::BeforeAfter, &baseline, &[], None, Settings::default());
        for i in 0..20 {
            judge.push(&Bin::new(i * 15, 300, 30));
        }
        let text = text(&judge.verdict());
        assert!(text.starts_with("degraded  errors"), "{text}");
        assert!(text.contains("advice: roll back"), "{text}");
        assert!(text.contains("0.40 % (40 of 10,000)"), "{text}");
    }
}
