use std::collections::HashMap;

use super::*;
use crate::imports::table::file_of;

fn read(text: &str) -> (Vec<Result<AgencyBody, Reject>>, BTreeMap<String, u64>) {
    let heading = "ori,pub_agency_name,state_abbr,county_name,agency_type_name\n";
    let list = AgencyList::embedded().unwrap();
    let file = format!("{heading}{text}");
    let mut rows = list.read(file_of(file.as_bytes())).unwrap();
    let read = rows.by_ref().map(Result::unwrap).collect();
    (read, rows.warnings().clone())
}

fn one(row: &str) -> AgencyBody {
    let (mut read, _) = read(row);
    read.remove(0).unwrap_or_else(|reject| panic!("{reject:?}"))
}

fn stands(row: &str) -> (String, String, String, String) {
    let agency = one(row);
    (
        agency.name,
        agency.kind,
        agency.jurisdiction,
        agency.time_zone,
    )
}

#[track_caller]
fn assert_stands(row: &str, expected: [&str; 4]) {
    let (name, kind, jurisdiction, zone) = stands(row);
    assert_eq!([&*name, &*kind, &*jurisdiction, &*zone], expected, "{row}");
}

#[test]
fn a_row_says_where_an_agency_stands_and_what_it_is() {
    for (row, expected) in [
        (
            "CA0370000,San Diego,CA,SAN DIEGO,County",
            [
                "San Diego County Sheriff",
                "sheriff",
                "06073",
                "America/Los_Angeles",
            ],
        ),
        // A city with a position of its own is its police department's jurisdiction.
        (
            "CA0300900,Los Alamitos,CA,ORANGE,City",
            [
                "Los Alamitos Police",
                "police",
                "0643224",
                "America/Los_Angeles",
            ],
        ),
        (
            "NY0303000,New York,NY,NOT SPECIFIED,City",
            ["New York Police", "police", "3651000", "America/New_York"],
        ),
        // Same name, two places.
        (
            "VA0790000,Richmond,VA,RICHMOND,County",
            [
                "Richmond County Sheriff",
                "sheriff",
                "51159",
                "America/New_York",
            ],
        ),
        (
            "VA1220000,Richmond,VA,RICHMOND CITY,City",
            ["Richmond Police", "police", "51760", "America/New_York"],
        ),
        (
            "VA1220100,Richmond City Sheriff's Office,VA,RICHMOND CITY,City",
            [
                "Richmond City Sheriff's Office",
                "sheriff",
                "51760",
                "America/New_York",
            ],
        ),
        (
            "VA0470000,James City,VA,JAMES CITY,County",
            [
                "James City County Sheriff",
                "sheriff",
                "51095",
                "America/New_York",
            ],
        ),
        // Connecticut by its planning regions, and by its old counties.
        (
            "CT0006400,Hartford,CT,CAPITOL PLANNING REGION,City",
            ["Hartford Police", "police", "09110", "America/New_York"],
        ),
        (
            "CT0006400,Hartford,CT,HARTFORD,City",
            ["Hartford Police", "police", "09003", "America/New_York"],
        ),
        (
            "LA0260000,Jefferson,LA,JEFFERSON,County",
            [
                "Jefferson Parish Sheriff",
                "sheriff",
                "22051",
                "America/Chicago",
            ],
        ),
        (
            "NB0280000,Douglas,NB,DOUGLAS,County",
            [
                "Douglas County Sheriff",
                "sheriff",
                "31055",
                "America/Chicago",
            ],
        ),
        (
            "TX0710000,El Paso,TX,EL PASO,County",
            [
                "El Paso County Sheriff",
                "sheriff",
                "48141",
                "America/Denver",
            ],
        ),
        (
            "TN0470000,Knox,TN,KNOX,County",
            [
                "Knox County Sheriff",
                "sheriff",
                "47093",
                "America/New_York",
            ],
        ),
        (
            "MITSP0000,State Police:,MI,IRON,State Police",
            [
                "State Police, Iron County",
                "police",
                "us-mi",
                "America/Menominee",
            ],
        ),
        (
            "GA0330200,Cobb County Police Department,GA,COBB,County",
            [
                "Cobb County Police Department",
                "police",
                "13067",
                "America/New_York",
            ],
        ),
        (
            "CA0371400,San Diego State University,CA,SAN DIEGO,University or College",
            [
                "San Diego State University",
                "campus",
                "06073",
                "America/Los_Angeles",
            ],
        ),
        (
            "ALDOC0000,Alabama Department of Corrections,AL,NOT SPECIFIED,Other State Agency",
            [
                "Alabama Department of Corrections",
                "state_prison",
                "us-al",
                "America/Chicago",
            ],
        ),
    ] {
        assert_stands(row, expected);
    }
}

#[test]
fn what_a_row_leaves_open_is_a_warning_and_never_a_guess_at_a_county() {
    let (rows, warnings) = read(
        "AL0010100,Birmingham,AL,\"JEFFERSON, SHELBY\",City\nTN0000100,Somewhere,TN,NOT SPECIFIED,City\nTN0000200,Twice,TN,\"KNOX, CUMBERLAND\",City\n",
    );
    let rows: Vec<AgencyBody> = rows.into_iter().map(Result::unwrap).collect();
    assert_eq!(
        rows.iter()
            .map(|row| row.jurisdiction.as_str())
            .collect::<Vec<_>>(),
        ["us-al", "us-tn", "us-tn"]
    );
    assert!(
        rows.iter()
            .all(|row| row.time_zone == "America/Chicago" && !row.connected)
    );
    let counts: Vec<u64> = warnings.values().copied().collect();
    assert_eq!(counts, [1, 2, 2], "{warnings:?}");
}

#[test]
fn what_cannot_stand_here_is_rejected_with_line_column_and_reason() {
    let (rows, _) = read(
        "CA037,San Diego,CA,SAN DIEGO,County\nCA0370000,,CA,SAN DIEGO,County\nCA0370000,San Diego,XX,SAN DIEGO,County\n\
         CA0370000,San Diego,CA,SAN DIEGOS,County\nCA0370000,San Diego,CA,SAN DIEGO,County\nCA0370000,San Diego,CA,SAN DIEGO,County\n\
         AZDI00000,Example Tribal,AZ,NOT SPECIFIED,Tribal\nDCX000000,Example Inspector,FS,NOT SPECIFIED,Federal\nCA0370001,Moon,CA,SAN DIEGO,Lunar\n",
    );
    let said: Vec<(u64, Option<&str>)> = rows
        .iter()
        .filter_map(|row| row.as_ref().err())
        .map(|reject| (reject.line, reject.column.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            (2, Some("ori")),
            (3, Some("pub_agency_name")),
            (4, Some("state_abbr")),
            (5, Some("county_name")),
            (7, Some("ori")),
            (8, Some("agency_type_name")),
            (9, Some("agency_type_name")),
            (10, Some("agency_type_name")),
        ]
    );
}

#[test]
fn every_zone_is_a_zone_and_every_line_names_its_county() {
    let names: HashMap<String, String> = list::<3>(
        "counties.csv",
        include_str!("../../../config/registry/counties.csv"),
    )
    .unwrap()
    .into_iter()
    .chain(
        list::<3>(
            "states.csv",
            include_str!("../../../config/registry/states.csv"),
        )
        .unwrap(),
    )
    .map(|[fips, _, name]| (fips, name))
    .collect();
    let zones = list::<5>(
        "time_zones.csv",
        include_str!("../../../config/registry/time_zones.csv"),
    )
    .unwrap();
    assert_eq!(
        zones.iter().filter(|[fips, ..]| fips.len() == 2).count(),
        56
    );
    for [fips, _, name, zone, _] in zones {
        assert_eq!(names.get(&fips), Some(&name), "{fips}");
        assert!(zone.parse::<chrono_tz::Tz>().is_ok(), "{zone}");
    }
}

/// Totals as the data set's README gives them.
#[test]
fn the_list_of_2025_gives_its_totals() {
    let Some(file) = crate::imports::shared_file("agencies/fbi-ori-2025.csv.gz") else {
        return;
    };
    let list = AgencyList::embedded().unwrap();
    let mut rows = list.read(file).unwrap();
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for row in rows.by_ref() {
        match row.unwrap() {
            Ok(agency) => good.push(agency),
            Err(reject) => bad.push(reject),
        }
    }
    assert_eq!(good.len() + bad.len(), 18_330);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for reject in &bad {
        *reasons.entry(&reject.reason[..9]).or_default() += 1;
    }
    assert_eq!(
        reasons,
        BTreeMap::from([("a federal", 58), ("a tribal ", 220)]),
        "{:?}",
        bad.iter()
            .map(|reject| (&reject.raw, &reject.reason))
            .collect::<Vec<_>>()
    );
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for agency in &good {
        *kinds.entry(&agency.kind).or_default() += 1;
    }
    println!("{kinds:?} {:?}", rows.warnings());
    assert_eq!(kinds.values().sum::<usize>(), 18_052);
    // The sheriff of San Diego County, and the agencies of that county.
    let sheriff = good
        .iter()
        .find(|agency| agency.ori == "CA0370000")
        .unwrap();
    assert_eq!(
        (&*sheriff.name, &*sheriff.kind, &*sheriff.jurisdiction),
        ("San Diego County Sheriff", "sheriff", "06073")
    );
    let there = ["06073", "0611194", "0622804"];
    assert_eq!(
        good.iter()
            .filter(|agency| there.contains(&&*agency.jurisdiction))
            .count(),
        17
    );
}
