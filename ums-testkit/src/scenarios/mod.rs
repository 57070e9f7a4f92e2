//! What is true of users, organisations and sessions, as tests that run on any store.
//!
//! Each scenario opens a [`Fixture`](crate::Fixture) on an empty store of its own, and ends by looking that the store holds every
//! invariant. A backend runs them all in a few lines, on a runtime of several threads, for some scenarios race:
//!
//! ```no_run
//! # fn my_store() -> std::sync::Arc<dyn ums_core::store::Store> { unimplemented!() }
//! // #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
//! async fn everything_holds_on_my_store() {
//!     ums_testkit::scenarios::run(my_store).await.assert_passed();
//! }
//! ```

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "these are tests")]

mod scenario;
mod support;

pub use scenario::{Report, Scenario, run};
pub use support::{code, faults};

/// Lists functions as scenarios, under the names of their modules and their own.
macro_rules! scenarios {
    ($($group:ident: $($name:ident),+ $(,)?;)+) => {
        $(mod $group;)+

        /// Every scenario.
        #[must_use]
        pub fn all() -> Vec<Scenario> {
            vec![$($(Scenario::new(
                concat!(stringify!($group), "::", stringify!($name)),
                |store| Box::pin($group::$name(store)),
            ),)+)+]
        }
    };
}

scenarios! {
    registration:
        the_first_account_is_the_administrator,
        of_many_at_once_one_is_the_administrator,
        of_many_from_one_address_a_hundred_pass,
        every_fault_is_told_at_once,
        an_address_is_taken_in_every_case,
        a_department_brings_its_organisation,
        approval_lets_accounts_wait,
        closed_is_closed,
        the_first_account_may_be_like_any_other,
        the_first_administrator_is_made_once,
        no_password_is_made_of_the_organisations_name;
    login:
        every_refusal_is_alike,
        an_address_logs_in_in_every_case,
        what_changes_an_account_holds_at_once,
        a_new_account_of_an_old_address_is_another;
    forgetting:
        a_token_sets_a_new_password_once,
        of_many_at_once_one_is_taken,
        each_status_gets_what_it_can_use,
        a_token_dies_with_what_it_was_made_for;
    addresses:
        an_own_address_is_confirmed_once,
        a_confirmation_expires,
        an_address_changes_once_the_new_one_is_confirmed,
        an_address_that_is_taken_meanwhile_is_refused,
        what_an_administrator_changes_is_confirmed_anew,
        a_new_password_ends_a_change_that_is_on_its_way;
    invitations:
        an_invitation_is_accepted_once,
        an_invitation_can_be_sent_again,
        an_import_invites_where_it_is_told_to,
        an_import_invites_nobody_unless_told_to;
    importing:
        two_that_overlap_make_everybody_once,
        who_registers_meanwhile_is_there_once,
        a_department_that_goes_meanwhile_leaves_nobody_in_it;
    messages:
        what_is_asked_for_again_is_sent_once,
        many_who_deliver_send_each_once,
        a_failure_comes_again_with_a_new_token,
        what_a_crash_cut_off_is_sent_later,
        what_is_of_no_more_use_is_not_sent,
        the_background_sends_by_itself_and_ends_with_its_handles;
    notices:
        every_address_that_is_left_is_told,
        a_notice_goes_to_whom_it_was_meant_for,
        a_suspended_account_tells_its_owner,
        they_go_with_the_account;
    message_limits:
        strangers_use_up_nothing_of_what_the_owner_may_ask_for,
        invitations_are_sent_again_five_times_an_hour;
    outages:
        recipients_that_fail_keep_no_others,
        what_is_of_use_for_the_shortest_time_goes_first,
        what_comes_in_meanwhile_does_not_wait_for_the_rest,
        asked_again_during_a_failing_last_attempt_it_still_comes;
    message_events:
        what_is_sent_and_done_by_it_leaves_one_each,
        no_token_is_told;
    refreshing:
        a_refresh_token_is_good_once,
        a_lost_reply_is_given_again,
        reuse_ends_the_session,
        parallel_refreshes_have_one_successor,
        a_session_has_an_end,
        tokens_of_others_are_refused;
    sessions:
        logging_out_ends_one_session,
        logging_out_everywhere_ends_all,
        an_administrator_ends_anothers,
        a_new_password_ends_the_others,
        a_wrong_current_password_changes_nothing,
        an_ended_session_changes_no_password,
        they_are_listed_and_ended;
    organisations:
        names_are_unique_without_regard_to_case,
        every_fault_is_told_at_once,
        replacing_clears_and_patching_merges,
        a_stale_version_is_refused,
        they_are_listed_by_name;
    departments:
        names_are_unique_within_an_organisation,
        an_organisation_is_for_good,
        a_parent_is_of_the_same_organisation,
        none_stands_below_itself,
        depth_is_bounded,
        replacing_clears_and_patching_merges,
        they_are_listed_by_organisation_and_name;
    users:
        every_fault_is_told_at_once,
        a_status_goes_with_a_password,
        replacing_clears_and_patching_merges,
        an_external_id_is_unique_within_an_organisation,
        moving_moves_every_entry,
        an_address_can_be_changed,
        a_password_that_is_set_ends_every_session,
        one_changes_oneself;
    administrators:
        the_last_one_stays,
        one_of_two_may_go,
        two_who_lower_each_other_leave_one,
        many_who_lower_one_another_leave_one;
    deleting:
        what_is_not_empty_stays_as_it_is,
        a_cascade_takes_everything_along,
        a_departments_cascade_takes_its_own,
        a_cascade_spares_the_last_administrator,
        nobody_deletes_by_cascade_whom_they_may_not,
        a_user_goes_with_every_session,
        one_may_delete_oneself;
    lists:
        filters_let_through_what_they_say,
        a_search_finds_addresses_and_words_of_names,
        a_question_of_any_length_is_answered,
        a_cursor_is_good_for_its_list_alone,
        a_departments_administrator_sees_those_below;
    rights:
        nobody_makes_or_touches_an_account_above_their_own,
        nobody_moves_whom_or_where_they_do_not_reach,
        what_is_left_out_means_ones_own_place;
    sight:
        another_organisation_might_as_well_not_be_there;
    roles:
        the_table_is_what_happens;
    auditing:
        a_change_of_rights_is_told_with_before_and_after,
        an_import_is_told_from_start_to_end_with_the_rights_it_gives,
        reaching_out_of_sight_is_told_to_those_reached_for,
        a_token_that_is_refused_is_told_unless_it_expired,
        an_export_of_the_log_is_told_once;
    throttling:
        a_hundred_and_one_guesses_at_once_are_not_all_verified,
        patience_buys_no_more_than_a_hundred_guesses,
        guesses_in_parallel_are_counted_to_the_last,
        right_passwords_in_parallel_are_no_guesses,
        every_spelling_and_the_current_password_share_one_count,
        instances_and_restarts_share_one_count,
        contention_is_neither_a_guess_nor_a_conflict,
        a_stranger_does_not_keep_the_owner_out,
        who_registers_is_at_home,
        an_account_that_is_not_there_is_throttled_alike,
        what_it_costs_in_commits,
        what_is_kept_of_an_account_goes_with_it,
        the_last_guess_is_told_to_the_log,
        an_address_that_fails_at_many_accounts_is_stopped;
    events:
        accounts_and_sessions_leave_one_each,
        changes_of_the_directory_leave_one_each,
        each_sees_what_concerns_them;
}
