//! Which service and which environment is looked at.

use super::routing::Intent;
use super::screen::Screen;
use crate::app::msg::Msg;
use crate::app::notice::Severity;
use crate::app::world::World;
use crate::domain::ids::Target;
use crate::domain::units::Now;

impl Screen {
    pub(super) fn other_service(&mut self, world: &World, forward: bool, now: Now) -> Vec<Intent> {
        let services = &world.catalog.services;
        let Some(target) = &world.focus else {
            return Vec::new();
        };
        if services.len() < 2 {
            self.say(Severity::Info, "there is only one service", now);
            return Vec::new();
        }
        let at = services
            .iter()
            .position(|s| s.id == target.service)
            .unwrap_or(0);
        let by = if forward { 1 } else { services.len() - 1 };
        let Some(service) = services.get((at + by) % services.len()) else {
            return Vec::new();
        };
        let env = service
            .environment(&target.env)
            .or_else(|| service.last_environment());
        self.frozen = None;
        env.map(|env| {
            Intent::send(Msg::Focus(Target {
                service: service.id.clone(),
                env: env.id.clone(),
            }))
        })
        .into_iter()
        .collect()
    }

    pub(super) fn other_environment(
        &mut self,
        world: &World,
        forward: bool,
        now: Now,
    ) -> Vec<Intent> {
        let Some((target, service)) = world
            .focus
            .as_ref()
            .and_then(|t| Some((t, world.catalog.service(&t.service)?)))
        else {
            return Vec::new();
        };
        let envs = &service.environments;
        if envs.len() < 2 {
            self.say(
                Severity::Info,
                format!("{} has only one environment", service.id),
                now,
            );
            return Vec::new();
        }
        let at = envs.iter().position(|e| e.id == target.env).unwrap_or(0);
        let by = if forward { 1 } else { envs.len() - 1 };
        self.frozen = None;
        envs.get((at + by) % envs.len())
            .map(|env| {
                Intent::send(Msg::Focus(Target {
                    service: service.id.clone(),
                    env: env.id.clone(),
                }))
            })
            .into_iter()
            .collect()
    }
}
