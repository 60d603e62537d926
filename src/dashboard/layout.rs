//! The frame around every page: where one stands, what one may open, and the foot.

/// What `base.html` needs. Handlers make one per request; pages own it.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The page's own name, first in the title and the only `h1`.
    pub title: String,
    /// The agency or office in large type; none before sign-in.
    pub place: Option<Place>,
    /// At most eight entries, by role.
    pub nav: Vec<NavItem>,
    pub search: Option<SearchBox>,
    /// Who is signed in, as "Reviewer · R. Clerk".
    pub user: Option<String>,
    /// For the sign-out form.
    pub csrf: String,
    pub demo: bool,
    /// What the last act did, shown once after the redirect.
    pub flash: Option<Flash>,
    /// The server's instant (RFC 3339), so that ticking clocks do not trust the desk's.
    pub now: String,
    pub version: String,
    pub assets: Assets,
}

#[derive(Clone, Debug, Default)]
pub struct Place {
    pub name: String,
    /// ORI or office code.
    pub code: String,
    /// "Times in America/Los_Angeles (PST)".
    pub zone: String,
}

#[derive(Clone, Debug)]
pub struct NavItem {
    pub label: String,
    pub href: String,
    pub current: bool,
    /// How many wait there, when that is known.
    pub count: Option<String>,
}

#[derive(Clone, Debug)]
pub struct SearchBox {
    pub value: String,
    /// What this role may search by.
    pub hint: String,
}

#[derive(Clone, Debug)]
pub struct Flash {
    pub text: String,
}

/// The folder `assets/` as it was when the binary was built.
#[derive(Clone, Debug, Default)]
pub struct Assets {
    /// Content of `assets/version.txt`; put behind file names so that browsers may keep them.
    pub version: String,
    /// True when the binary was built without them: the page then says what to run.
    pub missing: bool,
}
