use crate::http::Problem;

pub async fn get_statistics() -> Problem {
    Problem::not_found()
}
