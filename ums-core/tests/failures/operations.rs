//! Everything that can be asked of the library and changes something.

use ums_core::model::{
    DepartmentFields, DepartmentPatch, OrganisationPatch, Patch, Role, Status, UserFields, UserPatch,
};
use ums_core::{
    EmailChange, ForgottenPassword, InvitationAcceptance, MePatch, Password, PasswordChange, PasswordReset,
    Registration, Result,
};
use ums_testkit::PASSWORD;
use ums_testkit::scenarios::code;

use crate::dump::Dump;
use crate::world::{Template, World, credentials, organisation, person};

/// Something to do, by its number.
pub(crate) async fn operate(world: &World<'_>, number: usize) -> Option<Result<()>> {
    let system = world.system();
    let (organisations, departments, users) =
        (&world.template.organisations, &world.template.departments, &world.template.users);
    let anonymous = world.fixture.ums.anonymous();
    Some(match number {
        0 => system.create_organisation(&organisation("Three")).await.map(drop),
        1 => {
            let patch = OrganisationPatch { name: Patch::Set("Uno".into()), ..OrganisationPatch::default() };
            system.change_organisation(organisations[0].id, &patch, None).await.map(drop)
        }
        2 => system.delete_organisation(organisations[1].id, None, false).await,
        3 => system.delete_organisation(organisations[0].id, None, true).await,
        4 => {
            let fields = DepartmentFields {
                name: "New".into(),
                organisation_id: Some(organisations[0].id),
                parent_id: Some(departments[1].id),
            };
            system.create_department(&fields).await.map(drop)
        }
        5 => {
            let patch = DepartmentPatch { parent_id: Patch::Clear, ..DepartmentPatch::default() };
            system.change_department(departments[1].id, &patch, None).await.map(drop)
        }
        6 => system.delete_department(departments[2].id, None, false).await,
        7 => system.delete_department(departments[0].id, None, true).await,
        8 => system.create_user(&person("new@example.com")).await.map(drop),
        9 => {
            let fields = UserFields { department_id: Some(departments[1].id), ..person("new@example.com") };
            system.replace_user(users[0].id, &fields, None).await.map(drop)
        }
        10 => {
            let patch = UserPatch {
                status: Patch::Set(Status::Suspended),
                organisation_id: Patch::Clear,
                department_id: Patch::Clear,
                ..UserPatch::default()
            };
            system.change_user(users[0].id, &patch, None).await.map(drop)
        }
        11 => system.delete_user(users[1].id, None).await,
        12 => {
            let registration = Registration {
                full_name: "New".into(),
                email: "new@example.com".into(),
                password: Password::new(PASSWORD),
                department_id: Some(departments[2].id),
            };
            anonymous.register(&registration).await.map(drop)
        }
        13 => anonymous.login(&credentials("user0@example.com")).await.map(drop),
        14 => anonymous.refresh(&world.template.tokens.refresh_token).await.map(drop),
        15 => world.acting.logout().await,
        16 => world.acting.logout_all().await,
        17 => {
            let change = PasswordChange {
                current_password: Password::new(PASSWORD),
                new_password: Password::new("AnotherPassword456"),
            };
            world.acting.change_password(&change).await
        }
        18 => {
            let patch = MePatch { full_name: Patch::Set("New".into()) };
            world.acting.change_me(&patch, None).await.map(drop)
        }
        19 => {
            let patch = UserPatch { role: Patch::Set(Role::Admin), ..UserPatch::default() };
            system.change_user(users[1].id, &patch, None).await.map(drop)
        }
        number => return recover(world, number - 20).await,
    })
}

/// What people do by tokens that were sent, and what sends these.
async fn recover(world: &World<'_>, number: usize) -> Option<Result<()>> {
    let (anonymous, sent) = (world.fixture.ums.anonymous(), &world.template.sent);
    let another = Password::new("AnotherPassword456");
    Some(match number {
        0 => anonymous.forgot_password(&ForgottenPassword { email: "user0@example.com".into() }).await,
        1 => {
            let reset = PasswordReset { token: sent.reset.clone(), new_password: another };
            anonymous.reset_password(&reset).await
        }
        2 => anonymous.verify_email(&sent.verification).await,
        3 => anonymous.verify_email(&sent.email_change).await,
        4 => {
            let token = sent.invitation.clone();
            let acceptance = InvitationAcceptance { token, password: another, full_name: Some("New".into()) };
            anonymous.accept_invitation(&acceptance).await.map(drop)
        }
        5 => world.system().invite(sent.invited.id).await,
        6 => world.acting.send_verification().await,
        7 => {
            let email = "new@example.com".to_owned();
            let change = EmailChange { email, current_password: Password::new(PASSWORD) };
            world.acting.change_email(&change).await
        }
        _ => return None,
    })
}

/// What the store holds before an operation, and after it where nothing fails.
pub(crate) async fn undisturbed(template: &Template, number: usize) -> Option<(Dump, Dump)> {
    let world = template.world().await;
    let before = Dump::of(&world.store).await;
    let done = operate(&world, number).await?;
    assert_eq!(code(&done), "ok", "{number}");
    let after = Dump::of(&world.store).await;
    assert_ne!(before, after, "{number} changes something");
    Some((before, after))
}
