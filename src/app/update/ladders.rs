//! What tells what is live besides GitHub's deployments: the runs of the workflow that deploys, and the service's own word. Both
//! are asked for every target that is shown anywhere: often for those that are followed closely, seldom for the others.

use std::collections::{BTreeMap, HashSet};

use super::wanted::{every, slow_down};
use crate::app::effect::EffectKey;
use crate::app::schedule::Wanted;
use crate::app::world::{EnvSlice, Scope, World};
use crate::domain::catalog::Environment;
use crate::domain::ids::Target;
use crate::domain::units::Now;

/// The others are asked that often.
const FAR_S: i64 = 120;
/// Of all others of a source one is asked in so many seconds, so that many of them cost 600 requests an hour at most.
const FAR_EACH_S: i64 = 6;

/// The questions of a target's ladder, each with how much slower than usual it is asked: only GitHub has limits.
pub(super) fn questions(
    slice: &EnvSlice,
    env: &Environment,
    target: &Target,
    factor: f64,
) -> Vec<(EffectKey, f64)> {
    let mut all = Vec::new();
    let told = slice.state.as_ref();
    if told.is_some_and(|s| env.ladder.needs_runs(s)) {
        all.push((EffectKey::DeployRuns(target.clone()), factor));
    }
    if env.ladder.probe.is_some() {
        all.push((EffectKey::Probe(target.clone()), 1.0));
    }
    all
}

/// The questions of the targets that are not followed closely.
pub(super) fn far(world: &World, now: Now) -> Vec<Wanted> {
    // A command looks at those it was asked for, and at nothing else.
    if matches!(world.scope, Scope::Only(_)) {
        return Vec::new();
    }
    let close: HashSet<Target> = world.close_targets().into_iter().collect();
    let mut asked = Vec::new();
    let mut of_source: BTreeMap<&str, i64> = BTreeMap::new();
    for (target, slice) in world.envs.iter().filter(|(t, _)| !close.contains(t)) {
        let Some((service, env)) = world.configured(target) else {
            continue;
        };
        let factor = slow_down(world.budgets.get(&service.source), now);
        for (key, factor) in questions(slice, env, target, factor) {
            *of_source.entry(&service.source).or_default() += 1;
            asked.push((service.source.as_str(), key, factor));
        }
    }
    let of = |(source, key, factor): (&str, EffectKey, f64)| {
        let many = of_source.get(source).copied().unwrap_or_default();
        let seconds = FAR_S.max(many * FAR_EACH_S);
        Wanted {
            key,
            every: Some(every(world, seconds, factor)),
        }
    };
    asked.into_iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::effect::Effect;
    use crate::app::msg::{Answer, Msg};
    use crate::app::testing::{answer, at, bad_deploy, send, started, target, world};
    use crate::domain::release::ladder::{LiveSource, ProbeAsk, VersionAt};
    use crate::domain::text::Safe;

    /// A World with a staging that only the service itself tells of.
    fn shop() -> (World, Target) {
        let mut world = world();
        let mut catalog = world.catalog.clone();
        let service = &mut catalog.services[0];
        let mut staging = service.environments[0].clone();
        staging.id = "staging".parse().unwrap();
        staging.ladder.rungs = vec![LiveSource::Runs, LiveSource::Probe];
        staging.ladder.workflow = Some("deploy.yml".to_owned());
        staging.ladder.probe = Some(ProbeAsk {
            url: "https://staging.example/version".to_owned(),
            version: VersionAt::Text,
        });
        service.environments.insert(0, staging);
        send(&mut world, 0, Msg::Catalog(catalog));
        let staging = Target {
            env: "staging".parse().unwrap(),
            ..target()
        };
        (world, staging)
    }

    fn asked(effects: &[Effect]) -> Vec<EffectKey> {
        let keys = effects.iter().filter_map(|e| match e {
            Effect::Fetch { key, .. } => Some(key.clone()),
            _ => None,
        });
        keys.filter(|k| matches!(k, EffectKey::DeployRuns(_) | EffectKey::Probe(_)))
            .collect()
    }

    #[test]
    fn what_is_live_elsewhere_is_asked_seldom_and_told_by_the_ladder() {
        let (mut world, staging) = shop();
        let first = asked(&started(&mut world, 0, bad_deploy()));
        let runs = EffectKey::DeployRuns(staging.clone());
        let probe = EffectKey::Probe(staging.clone());
        assert_eq!(world.focus, Some(target()));
        assert!(first.contains(&runs), "{first:?}");
        let said = Answer::Probe(Ok(Safe::new("v2")));
        answer(&mut world, 1, |k| matches!(k, EffectKey::Probe(_)), said);
        let live = world.envs[&staging].state.as_ref().unwrap().live.clone();
        let live = live.unwrap();
        assert_eq!(
            (live.what.to_string().as_str(), live.source),
            ("v2", LiveSource::Probe)
        );

        let none = Answer::DeployRuns(Ok(Vec::new()));
        answer(
            &mut world,
            1,
            |k| matches!(k, EffectKey::DeployRuns(_)),
            none,
        );
        assert!(asked(&send(&mut world, 119, Msg::Tick)).is_empty());
        let again = asked(&send(&mut world, 122, Msg::Tick));
        assert_eq!(again.len(), 2, "{again:?}");
        assert!(again.contains(&runs) && again.contains(&probe));
    }

    #[test]
    fn what_is_selected_is_asked_often() {
        let (mut world, staging) = shop();
        started(&mut world, 0, bad_deploy());
        send(&mut world, 1, Msg::Focus(staging.clone()));
        let said = Answer::Probe(Ok(Safe::new("v2")));
        answer(&mut world, 1, |k| matches!(k, EffectKey::Probe(_)), said);
        let again = asked(&send(&mut world, 40, Msg::Tick));
        assert_eq!(again, [EffectKey::Probe(staging)]);
    }

    #[test]
    fn many_targets_stay_within_the_budget() {
        let (mut world, _) = shop();
        let mut catalog = world.catalog.clone();
        let service = catalog.services[0].clone();
        catalog.services = (0..200)
            .map(|i| {
                let mut other = service.clone();
                other.id = format!("shop-{i}").parse().unwrap();
                other
            })
            .collect();
        send(&mut world, 1, Msg::Catalog(catalog));
        for slice in world.envs.values_mut() {
            slice.state = Some(crate::domain::release::live::EnvState::default());
        }
        let far = far(&world, Now(at(2)));
        assert_eq!(far.len(), 400, "each staging by its runs and its word");
        let per_hour: f64 = far
            .iter()
            .filter(|w| matches!(w.key, EffectKey::DeployRuns(_)))
            .map(|w| 3_600.0 / w.every.unwrap().as_secs_f64())
            .sum();
        assert!(per_hour <= 600.0, "{per_hour}");
        world.scope = Scope::Only(vec![target()]);
        assert!(super::far(&world, Now(at(2))).is_empty());
    }
}
