//! The five delivery metrics by name: how each is counted, and its tier.

use super::dora::Dora;
use super::tiers::Tier;

/// One of the five.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// How often something is deployed.
    Frequency,
    /// From the first commit to the deployment.
    LeadTime,
    /// The share of deployments that failed.
    FailRate,
    /// From a failed deployment to the end of the failure.
    Recovery,
    /// The share of deployments that were not planned.
    Rework,
}

impl Metric {
    /// All: throughput first, then instability.
    pub const ALL: [Self; 5] = [
        Self::Frequency,
        Self::LeadTime,
        Self::Recovery,
        Self::FailRate,
        Self::Rework,
    ];

    /// Its name.
    pub fn label(self) -> &'static str {
        match self {
            Self::Frequency => "deployment frequency",
            Self::LeadTime => "change lead time",
            Self::FailRate => "change fail rate",
            Self::Recovery => "recovery time",
            Self::Rework => "rework rate",
        }
    }

    /// How it is counted.
    pub fn rule(self) -> &'static str {
        match self {
            Self::Frequency => {
                "successful deployments a day; the word is of the days with one in the median week"
            }
            Self::LeadTime => {
                "first commit to the first deployment, the median of the changes first deployed in this time"
            }
            Self::FailRate => {
                "a deployment fails once: rolled back, a change of it reverted within 7 days, a hotfix within 72 h, an incident, or marked"
            }
            Self::Recovery => {
                "success of the failed deployment to the earliest of what removed it, verified signals, or the incident's closing"
            }
            Self::Rework => "rollbacks, hotfixes, reverts and incident fixes among all deployments",
        }
    }

    /// What the list behind it holds.
    pub fn behind(self) -> &'static str {
        match self {
            Self::Frequency => "deployments",
            Self::LeadTime => "changes, the longest first",
            Self::FailRate => "failed deployments",
            Self::Recovery => "recoveries, what is open first",
            Self::Rework => "deployments that were not planned",
        }
    }

    /// Its tier; none: too few deployments, or the report of that year has none.
    pub fn tier(self, dora: &Dora) -> Option<Tier> {
        match self {
            Self::Frequency => dora.frequency_tier,
            Self::LeadTime => dora.lead_tier,
            Self::FailRate => dora.fail_tier,
            Self::Recovery => dora.recovery_tier,
            Self::Rework => None,
        }
    }
}
