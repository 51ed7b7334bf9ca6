//! How a server becomes the leader or a follower, crashes, and comes back.

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

    /// Makes the server a follower. The updates in the queue are refused with
    /// ERR_FORWARD_TO_OTHERS, and the connections of requests that wait for the store are closed.
    pub(crate) fn follow(&mut self, leader: Option<SocketAddrV4>, now: Now) -> Vec<Action> {
        let actions = match self.role {
            Role::Follower { .. } => Vec::new(),
            Role::Leader | Role::StaleLeader | Role::NotReady(_) => self.step_down(None, now),
        };
        self.role = Role::Follower { leader };
        actions
    }

    /// Makes the server continue as if it were the leader, while another server leads.
    pub(crate) fn go_stale(&mut self) {
        self.role = Role::StaleLeader;
    }

    /// Makes the server respond to every request with that error code.
    pub(crate) fn not_ready(&mut self, code: ErrorCode, now: Now) -> Vec<Action> {
        let actions = self.step_down(None, now);
        self.role = Role::NotReady(code);
        actions
    }

    /// Makes the server the leader once what is stored is loaded. For `early_ms` the server then
    /// serves without its duplications and backup policies, as a leader does that has not read them
    /// back yet.
    pub(crate) fn lead(&mut self, early_ms: u64, now: Now) -> Vec<Action> {
        let mut actions = self.step_down(None, now);
        self.role = Role::NotReady(ErrorCode::ServiceNotActive);
        self.early_ms = early_ms;
        actions.push(Action::Load);
        actions
    }

    /// Takes what is stored, and becomes the leader. An error says what makes no sense in it.
    pub(crate) fn loaded(&mut self, mut snapshot: Snapshot, now: Now) -> Result<(), String> {
        let early = self.early_ms > 0;
        if early {
            snapshot.duplications.clear();
            snapshot.policies.clear();
            self.at(now.steady_ms.saturating_add(self.early_ms), Timed::ReadBack);
            self.early_ms = 0;
        }
        self.state =
            State::new(&self.config, snapshot, self.state.replicas.clone(), Some(now.wall_ms))?;
        self.role = Role::Leader;
        self.events.push(Event::Leads { read_back: !early });
        Ok(())
    }

    /// Takes the duplications and backup policies that are stored, while the server is already the
    /// leader.
    pub(crate) fn read_back(&mut self, snapshot: Snapshot) -> Result<(), String> {
        self.state.read_back(snapshot)?;
        self.events.push(Event::ReadBack);
        Ok(())
    }

    /// Makes the server stop being the leader. `but` is a request that is still to be handled.
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
                actions.extend(self.respond(queued.call, reply, now));
            }
        }
        // Requests that are held are handled when their time comes, and responses that are delayed
        // are sent.
        self.timers.retain(|_, timed| match timed {
            Timed::Request(..) | Timed::Response(..) | Timed::Restart => true,
            Timed::Queue | Timed::Store(..) | Timed::ReadBack => false,
        });
        let held: Vec<CallId> = self
            .timers
            .values()
            .filter_map(|timed| match timed {
                Timed::Request(id, _) => Some(*id),
                Timed::Queue
                | Timed::Store(..)
                | Timed::Response(..)
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
            actions
                .extend(self.hang_up(id, "the leader changed while the change was being stored"));
        }
        if !matches!(self.role, Role::Follower { .. }) {
            self.events.push(Event::Follows);
        }
        self.role = Role::Follower { leader: None };
        actions
    }

    /// Crashes. The server is back `ms` later.
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

    /// Comes back after a crash. A server that was the leader becomes the leader again.
    pub(super) fn restart(&mut self) -> Vec<Action> {
        self.down = false;
        self.events.push(Event::Restarted);
        match self.role {
            Role::Leader => {
                self.role = Role::NotReady(ErrorCode::ServiceNotActive);
                vec![Action::Load]
            }
            // The server learns during its start that another server leads.
            Role::StaleLeader => {
                self.role = Role::Follower { leader: None };
                Vec::new()
            }
            Role::Follower { .. } | Role::NotReady(_) => Vec::new(),
        }
    }
}
