//! Real published counts by county (config/demo/README.md names the source): what the
//! demonstration's fictional people stand over. Counts only; no row of a person.

use crate::db::StoreError;

const COUNTS: &str = include_str!("../../config/demo/published-counts.csv");
const YEARS: &str = include_str!("../../config/demo/published-years.csv");

/// Requests prepared from 1 October 2014 to 19 July 2015 in one place.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct PublishedCount {
    /// FIPS; absent where no rule could name the county.
    pub county: Option<String>,
    pub state: Option<String>,
    pub detainers: u32,
    /// Recorded by the office as declined: whether anybody was held is not known.
    pub declined: u32,
    pub booked: u32,
    /// No lift reason filled in: neither open nor honoured.
    pub unknown: u32,
    /// At places known to be run by the county or a city.
    pub local_detainers: u32,
    pub local_declined: u32,
    /// At places known not to be.
    pub not_local_detainers: u32,
}

/// The whole country in one calendar year; 2007 begins in October, 2015 ends on 19 July.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct PublishedYear {
    pub year: u16,
    pub detainers: u32,
    pub booked: u32,
    pub declined: u32,
    pub withdrawn: u32,
    pub citizen_claim: u32,
    pub other: u32,
    pub unknown: u32,
}

/// Every place of the published set, the largest first.
pub fn by_county() -> Result<Vec<PublishedCount>, StoreError> {
    let mut counts: Vec<PublishedCount> = rows(COUNTS)?;
    counts.sort_by_key(|count| std::cmp::Reverse(count.detainers));
    Ok(counts)
}

/// The years that were published for the country as a whole, oldest first.
pub fn by_year() -> Result<Vec<PublishedYear>, StoreError> {
    rows(YEARS)
}

fn rows<T: serde::de::DeserializeOwned>(text: &'static str) -> Result<Vec<T>, StoreError> {
    csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .from_reader(text.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|error| StoreError::Unreadable(format!("published counts: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_counts_add_up_to_the_release() {
        let counts = by_county().unwrap();
        assert_eq!(
            counts.iter().map(|count| count.detainers).sum::<u32>(),
            79_053
        );
        assert_eq!(
            counts.iter().map(|count| count.declined).sum::<u32>(),
            5_501
        );
        let san_diego = counts
            .iter()
            .find(|count| count.county.as_deref() == Some("06073"))
            .unwrap();
        assert_eq!(san_diego.detainers, 1_203);
        // Federal, state and private places apart; of two nobody can say.
        assert_eq!(
            (san_diego.local_detainers, san_diego.not_local_detainers),
            (1_166, 35)
        );
        let years = by_year().unwrap();
        assert_eq!(
            years.iter().map(|year| year.detainers).sum::<u32>(),
            1_814_828
        );
    }
}
