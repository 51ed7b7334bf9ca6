//! How each generation treats adds and modifies: a table with one row for each behaviour, and the
//! transitions that a duplication may make.

use crate::protocol::generation::{FailMode, Generation, Status};
use crate::protocol::rpc::RpcInfo;
use crate::server::behaviour::Behaviour;

/// The rules of a behaviour. [`Rules::of`] has the rows of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// The generation whose numbers the statuses have.
    pub(crate) generation: Generation,
    /// How the server reads field 3 of an add.
    pub(crate) field_3: Field3,
    /// Whether the server knows remote tables and replica counts: fields 4 and 5 of an add and
    /// their checks, the echo in responses, and fields 8 and 9 of an entry.
    pub(crate) remote_names: bool,
    /// Whether an entry has the decrees of each partition, field 11.
    pub(crate) partition_states: bool,
    /// Whether the server uses the pattern for names of a request that lists the tables, and has
    /// the match type in the hint of a refusal.
    pub(crate) table_patterns: bool,
    /// Whether tables have the property "atomic idempotent", field 15.
    pub(crate) atomic_idempotence: bool,
    /// Whether the server compares a create with the replica servers that are alive, with the limits
    /// of the replica count, and with the limits of two settings.
    pub(crate) checks_creates: bool,
    /// The error code of a create of a table that exists.
    pub(crate) app_exists: AppExists,
    /// Whether a create that names the cluster of a follower table has rules of its own.
    pub(crate) follower_tables: bool,
    /// Whether a rename gets its response before the change is stored.
    pub(crate) renames_early: bool,
    /// Whether the server does not load the duplications of tables that are dropped when it starts.
    pub(crate) forgets_dropped: bool,
    /// Whether LIST_APPS says whether a table has duplications (field 12) only if the table has had
    /// a duplication since the server started.
    pub(crate) silent_on_duplicating: bool,
    /// Whether the refusal of an add for a missing table has a hint.
    pub(crate) missing_table_hint: bool,
    /// Whether the hint about a remote cluster without addresses names the cluster.
    pub(crate) hint_names_cluster: bool,
    /// The response to a repeated add that the status of the existing duplication permits.
    pub(crate) repeated: Repeated,
    /// The response to a repeated add that the status of the existing duplication does not permit.
    pub(crate) refused: Refused,
    /// What happens to a repeated add while a change of the existing duplication is being stored.
    pub(crate) altering: Altering,
    /// Whether a new duplication may get the dupid of a removed one.
    pub(crate) reuses_dupids: bool,
    /// Whether the server takes the hint of a refusal for a format string, so that a brace in a
    /// name ends the process.
    pub(crate) formats_hints: bool,
    /// Whether the HTTP page of a table's duplications ends the process if the name of a remote
    /// table is not UTF-8.
    pub(crate) dies_of_bad_utf8: bool,
    /// How the server treats backup policies.
    pub(crate) policies: PolicyRules,
    /// The shortest table name, in bytes, for which a backup was seen to end the process. A buffer
    /// overflows, so a shorter name may end the process too.
    pub(crate) fatal_backup_name: usize,
}

/// How a server treats backup policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PolicyRules {
    /// The condition on an interval in the hint of a refusal, with the name of a setting.
    pub(crate) reserve_setting: &'static str,
    /// Whether the interval must be a day or more, also after a change, and a name must be the name of
    /// a metric.
    pub(crate) has_limits: bool,
    /// Whether a change can disable a policy while a backup is running.
    pub(crate) can_force: bool,
}

/// The error code of a create of a table that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppExists {
    /// ERR_APP_EXIST.
    AppExist,
    /// ERR_INVALID_PARAMETERS.
    InvalidParameters,
}

/// The meaning of field 3 of an add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field3 {
    /// With `true` the new duplication is paused. An absent field stands for `false`.
    Freezed,
    /// With `true` the new duplication first ships a checkpoint. An absent field stands for `true`.
    Checkpoint,
}

/// The response to a repeated add that the status of the existing duplication permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeated {
    /// ERR_OK, as for a new duplication. The status may change.
    Ok,
    /// ERR_DUP_EXIST. The status may change.
    DupExist,
    /// ERR_DUP_EXIST whatever the status is. The status never changes.
    Untouched,
}

/// The response to a repeated add that the status of the existing duplication does not permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// ERR_OK in a response that is empty otherwise.
    Thin,
    /// ERR_INVALID_PARAMETERS with a hint.
    InvalidParameters,
}

/// What happens to a repeated add while a change of the existing duplication is being stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Altering {
    /// A real server of this generation ends.
    Dies,
    /// The response has ERR_OK and is empty otherwise.
    Thin,
    /// The response has ERR_BUSY.
    Busy,
    /// The add waits until the change is stored, and is decided then.
    Waits,
}

impl Rules {
    /// Returns the rules of a behaviour.
    pub(crate) fn of(behaviour: Behaviour) -> Rules {
        let dup_exist = Rules {
            generation: behaviour.generation(),
            field_3: Field3::Checkpoint,
            remote_names: true,
            partition_states: true,
            table_patterns: true,
            atomic_idempotence: true,
            checks_creates: true,
            app_exists: AppExists::AppExist,
            follower_tables: true,
            renames_early: true,
            forgets_dropped: true,
            silent_on_duplicating: false,
            missing_table_hint: true,
            hint_names_cluster: true,
            repeated: Repeated::DupExist,
            refused: Refused::InvalidParameters,
            altering: Altering::Busy,
            reuses_dupids: true,
            formats_hints: true,
            dies_of_bad_utf8: true,
            policies: PolicyRules {
                reserve_setting: "larger than cold_backup_checkpoint_reserve_minutes",
                has_limits: true,
                can_force: true,
            },
            fatal_backup_name: 5_861,
        };
        match behaviour {
            Behaviour::Freezed => Rules {
                field_3: Field3::Freezed,
                remote_names: false,
                partition_states: false,
                table_patterns: false,
                atomic_idempotence: false,
                follower_tables: false,
                checks_creates: false,
                app_exists: AppExists::InvalidParameters,
                silent_on_duplicating: true,
                missing_table_hint: false,
                hint_names_cluster: false,
                repeated: Repeated::Ok,
                refused: Refused::Thin,
                altering: Altering::Dies,
                formats_hints: false,
                dies_of_bad_utf8: false,
                policies: PolicyRules {
                    reserve_setting: "greater than cold_backup_checkpoint_reserve_minutes",
                    has_limits: false,
                    can_force: false,
                },
                fatal_backup_name: 7_040,
                ..dup_exist
            },
            Behaviour::Checkpoint => Rules {
                remote_names: false,
                partition_states: false,
                table_patterns: false,
                atomic_idempotence: false,
                follower_tables: false,
                missing_table_hint: false,
                repeated: Repeated::Ok,
                refused: Refused::Thin,
                altering: Altering::Thin,
                formats_hints: false,
                dies_of_bad_utf8: false,
                policies: PolicyRules {
                    reserve_setting: "greater than FLAGS_cold_backup_checkpoint_reserve_minutes",
                    has_limits: false,
                    can_force: false,
                },
                fatal_backup_name: 4_586,
                ..dup_exist
            },
            Behaviour::RemoteName => Rules {
                partition_states: false,
                table_patterns: false,
                atomic_idempotence: false,
                follower_tables: false,
                policies: PolicyRules { can_force: false, ..dup_exist.policies },
                repeated: Repeated::Ok,
                ..dup_exist
            },
            Behaviour::DupExist => dup_exist,
            Behaviour::Idempotent => Rules {
                repeated: Repeated::Untouched,
                altering: Altering::Waits,
                renames_early: false,
                forgets_dropped: false,
                reuses_dupids: false,
                formats_hints: false,
                dies_of_bad_utf8: false,
                ..dup_exist
            },
        }
    }

    /// Returns whether a server handles the RPC at all.
    pub(crate) fn knows(&self, rpc: &RpcInfo) -> bool {
        rpc.since <= self.generation
    }

    /// Returns the status that an add requests.
    pub(crate) fn add_target(&self, field_3: Option<bool>) -> Status {
        match self.field_3 {
            Field3::Freezed => match field_3 {
                Some(true) => Status::Pause,
                Some(false) | None => Status::Start,
            },
            Field3::Checkpoint => match field_3 {
                Some(true) | None => Status::Prepare,
                Some(false) => Status::Log,
            },
        }
    }

    /// Returns the fail mode after a repeated add that was permitted. `last_set` is the fail mode
    /// that was set since the server started.
    pub(crate) fn fail_mode_after_repeat(&self, last_set: FailMode, target: Status) -> FailMode {
        match (self.field_3, target) {
            // Only the transition into the pause uses the routine that resets the fail mode.
            (Field3::Freezed, Status::Start) => last_set,
            _ => FailMode::Slow,
        }
    }

    /// Returns whether a real server ends when it refuses an add with that hint. A format string
    /// without arguments may contain braces in pairs only: `{{` and `}}` stand for one brace each.
    pub(crate) fn hint_ends_it(&self, hint: &str) -> bool {
        let mut letters = hint.chars();
        let mut single = false;
        while let Some(letter) = letters.next() {
            single |= matches!(letter, '{' | '}') && letters.next() != Some(letter);
        }
        self.formats_hints && single
    }

    /// Returns whether a duplication may go from one status to another.
    pub(crate) fn may_go(&self, from: Status, to: Status) -> bool {
        if from == to || to == Status::Removed {
            return true;
        }
        match self.field_3 {
            Field3::Freezed => matches!(to, Status::Start | Status::Pause),
            Field3::Checkpoint => matches!(
                (from, to),
                (Status::Init, Status::Prepare | Status::Log)
                    | (Status::Prepare, Status::App)
                    | (Status::App, Status::Log)
                    | (Status::Log, Status::Pause)
                    | (Status::Pause, Status::Log)
            ),
        }
    }

    /// Returns the status that takes the place of a stored status. The store may come from a server
    /// of another generation, which has other statuses.
    pub(crate) fn adopt(&self, status: Status) -> Status {
        if self.generation.status_number(status).is_some() {
            return status;
        }
        match self.field_3 {
            Field3::Freezed => Status::Start,
            Field3::Checkpoint => Status::Log,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each row has the current status, the checkpoint flag, and the next status, or `None` if the
    /// add is refused.
    #[test]
    fn the_table_of_repeated_adds_since_2_4() {
        use Status::{App, Log, Pause, Prepare};
        let table = [
            (Prepare, Some(true), Some(Prepare)),
            (Prepare, None, Some(Prepare)),
            (Prepare, Some(false), None),
            (App, Some(true), None),
            (App, None, None),
            (App, Some(false), Some(Log)),
            (Log, Some(true), None),
            (Log, None, None),
            (Log, Some(false), Some(Log)),
            (Pause, Some(true), None),
            (Pause, None, None),
            (Pause, Some(false), Some(Log)),
        ];
        for behaviour in [Behaviour::Checkpoint, Behaviour::RemoteName, Behaviour::DupExist] {
            let rules = Rules::of(behaviour);
            for (from, flag, expected) in table {
                let target = rules.add_target(flag);
                let got = rules.may_go(from, target).then_some(target);
                assert_eq!(got, expected, "{behaviour} {from} {flag:?}");
            }
        }
    }

    #[test]
    fn freezed_never_refuses_a_repeated_add() {
        let rules = Rules::of(Behaviour::Freezed);
        for from in [Status::Start, Status::Pause] {
            for flag in [None, Some(false), Some(true)] {
                assert!(rules.may_go(from, rules.add_target(flag)), "{from} {flag:?}");
            }
        }
        assert_eq!(rules.fail_mode_after_repeat(FailMode::Skip, Status::Start), FailMode::Skip);
        assert_eq!(rules.fail_mode_after_repeat(FailMode::Skip, Status::Pause), FailMode::Slow);
    }

    #[test]
    fn only_braces_in_pairs_are_harmless_where_hints_are_formatted() {
        let rules = Rules::of(Behaviour::DupExist);
        for fatal in ["a{b", "a}b", "{}", "{0}", "}{", "{{{", "}}}", "{ {", "x{{y}", "}{{}"] {
            assert!(rules.hint_ends_it(fatal), "{fatal}");
        }
        for harmless in ["", "ab", "{{", "}}", "a{{}}b", "{{{{"] {
            assert!(!rules.hint_ends_it(harmless), "{harmless}");
        }
        for behaviour in Behaviour::ALL {
            let formats = matches!(behaviour, Behaviour::RemoteName | Behaviour::DupExist);
            assert_eq!(Rules::of(behaviour).hint_ends_it("a{b"), formats, "{behaviour}");
        }
    }

    #[test]
    fn a_stored_status_is_replaced_in_another_generation() {
        let freezed = Rules::of(Behaviour::Freezed);
        let later = Rules::of(Behaviour::Idempotent);
        assert_eq!(freezed.adopt(Status::Log), Status::Start);
        assert_eq!(freezed.adopt(Status::Prepare), Status::Start);
        assert_eq!(freezed.adopt(Status::Pause), Status::Pause);
        assert_eq!(later.adopt(Status::Start), Status::Log);
        assert_eq!(later.adopt(Status::App), Status::App);
    }
}
