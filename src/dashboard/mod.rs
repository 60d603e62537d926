//! What every page shares: the frame, the session behind it, forms, small pieces, sign-in. A page
//! is a struct of plain words and a template in `templates/`; it knows no database type, and
//! whoever fills it decides what may be said. The routes of all pages are in `router/pages.rs`.

pub mod accounts;
pub mod admin;
pub mod agencies;
pub mod assets;
pub mod demo_accounts;
pub mod docs;
pub mod fact_fields;
pub mod fact_words;
pub mod flash;
pub mod forms;
pub mod handover;
pub mod invitation;
pub mod layout;
pub mod map;
pub mod offense_rows;
pub mod paper_form;
pub mod pieces;
pub mod positions;
pub mod problem;
pub mod releases;
pub mod sign_in;
pub mod step;
pub mod time;
pub mod typed;
pub mod upload;
pub mod visitor;
pub mod what_if;
pub mod words;
pub mod working;

pub use forms::{CheckField, ErrorSummary, RadioField, SelectField, TextArea, TextField, Tokens};
pub use layout::{Assets, Flash, Layout, NavItem, Place, SearchBox};
pub use pieces::{Chip, Learns, Link, Person, Shape, Step, Steps, Tone, When};
pub use step::{Field, NextStep, StepPage};
pub use typed::{Body, Fields, Typed};
pub use visitor::{Frame, Posted, Visitor};
