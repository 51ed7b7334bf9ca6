//! Leading, following, crashing and coming back.

use std::net::SocketAddrV4;

use super::{Action, Node, Now, Role, Timed};
use crate::protocol::error_code::ErrorCode;
use crate::server::event::Event;
use crate::server::state::dispatch;
use crate::server::state::{CallId, State};
use crate::server::store::Snapshot;

impl Node {
    pub(crate) fn role(&self) -> &Role {
        &self.role
    }

    /// Follows. Who is in the queue is told so, and who waits for the store is left without an
    /// answer.
    pub(crate) fn follow(&mut self, leader: Option<SocketAddrV4>, now: Now) -> Vec<Action> {
        let actions = match self.role {
            Role::Follower { .. } => Vec::new(),
            Role::Leader | Role::StaleLeader | Role::NotReady(_) => self.step_down(None, now),
        };
        self.role = Role::Follower { leader };
        actions
    }

    /// Goes on as if it led, while another does.
    pub(crate) fn go_stale(&mut self) {
        self.role = Role::StaleLeader;
    }

    /// Answers everything by that code from now on.
    pub(crate) fn not_ready(&mut self, code: ErrorCode, now: Now) -> Vec<Action> {
        let actions = self.step_down(None, now);
        self.role = Role::NotReady(code);
        actions
    }

    /// Is to lead: first what is stored must be loaded. Serves for `early_ms` without the
    /// duplications, as a leader does that hasn't read them back yet.
    pub(crate) fn lead(&mut self, early_ms: u64, now: Now) -> Vec<Action> {
        let mut actions = self.step_down(None, now);
        self.role = Role::NotReady(ErrorCode::ServiceNotActive);
        self.early_ms = early_ms;
        actions.push(Action::Load);
        actions
    }

    /// What is stored is here: leads. An error says what in it makes no sense.
    pub(crate) fn loaded(&mut self, mut snapshot: Snapshot, now: Now) -> Result<(), String> {
        let early = self.early_ms > 0;
        if early {
            snapshot.duplications.clear();
            self.at(now.steady_ms.saturating_add(self.early_ms), Timed::ReadBack);
            self.early_ms = 0;
        }
        self.state = State::new(&self.config, snapshot)?;
        self.role = Role::Leader;
        self.events.push(Event::Leads { read_back: !early });
        Ok(())
    }

    /// What is stored is here, late: the duplications are there from now on.
    pub(crate) fn read_back(&mut self, snapshot: Snapshot) -> Result<(), String> {
        self.state.read_back(snapshot)?;
        self.events.push(Event::ReadBack);
        Ok(())
    }

    /// Leads no more. `but` is a call that is still to be looked at.
    pub(super) fn step_down(&mut self, but: Option<CallId>, now: Now) -> Vec<Action> {
        self.life += 1;
        self.at_store.clear();
        let mut actions = Vec::new();
        let queue = std::mem::take(&mut self.queue);
        for queued in queue {
            let refused = self.calls.get(&queued.call).and_then(|call| {
                dispatch::refusal(call.envelope.name(), ErrorCode::ForwardToOthers)
            });
            if let Some(reply) = refused {
                actions.extend(self.answer(queued.call, reply, now));
            }
        }
        // Requests that are held are looked at when their time comes, and answers on their way go
        // out.
        self.timers.retain(|_, timed| match timed {
            Timed::Request(..) | Timed::Answer(..) | Timed::Restart => true,
            Timed::Queue | Timed::Store(..) | Timed::ReadBack => false,
        });
        let held: Vec<CallId> = self
            .timers
            .values()
            .filter_map(|timed| match timed {
                Timed::Request(id, _) => Some(*id),
                Timed::Queue
                | Timed::Store(..)
                | Timed::Answer(..)
                | Timed::ReadBack
                | Timed::Restart => None,
            })
            .collect();
        let waiting: Vec<CallId> = self
            .calls
            .keys()
            .copied()
            .filter(|id| Some(*id) != but && !held.contains(id))
            .collect();
        for id in waiting {
            actions.extend(self.hang_up(id, "the leader changed while it was stored"));
        }
        if !matches!(self.role, Role::Follower { .. }) {
            self.events.push(Event::Follows);
        }
        self.role = Role::Follower { leader: None };
        actions
    }

    /// Crashes, and is back `ms` later.
    pub(crate) fn crash(&mut self, ms: u64, now: Now) -> Vec<Action> {
        self.life += 1;
        self.calls.clear();
        self.queue.clear();
        self.at_store.clear();
        self.timers.clear();
        self.down = true;
        self.events.push(Event::Crashed);
        let mut actions = vec![Action::CloseAll];
        if ms == 0 {
            actions.extend(self.restart());
        } else {
            self.at(now.steady_ms.saturating_add(ms), Timed::Restart);
        }
        actions
    }

    /// Is back: leads again if it led.
    pub(super) fn restart(&mut self) -> Vec<Action> {
        self.down = false;
        self.events.push(Event::Restarted);
        match self.role {
            Role::Leader => {
                self.role = Role::NotReady(ErrorCode::ServiceNotActive);
                vec![Action::Load]
            }
            // It learns on its way up that another leads.
            Role::StaleLeader => {
                self.role = Role::Follower { leader: None };
                Vec::new()
            }
            Role::Follower { .. } | Role::NotReady(_) => Vec::new(),
        }
    }
}
