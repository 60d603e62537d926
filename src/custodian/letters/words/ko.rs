//! Korean.

use super::Words;

pub const WORDS: Words = Words {
    unchecked: Some(
        "이 번역은 초안이며 아직 번역가의 확인을 받지 않았습니다. 분명하지 않은 점이 있으면 영어 사본을 요청하십시오.",
    ),
    copy_and_intent: "연방 요청서 사본과 이 기관이 하려는 조치",
    notice_of_notice: "귀하의 석방에 관하여 이 기관이 연방 사무소에 알린 내용",
    service_certificate: "요청서 사본 전달 증명서",
    heading: "{agency} ({ori})\n날짜: {today}\n\n받는 분: {person}\n",
    booking: "수감 번호(booking number): {number}\n",
    request: "연방 사무소 {office}에서 귀하에 관한 요청을 이 기관에 보냈습니다: 양식 {form}, {issued_on}자. 사본을 첨부합니다. 이것은 판사의 명령이 아닙니다.",
    asks: "요청받은 사항과 이 기관이 하려는 조치:",
    acts: [
        "귀하가 석방되기 전에 그 사무소에 알리는 것",
        "귀하가 석방되었을 시점을 넘겨 귀하를 구금하는 것",
        "귀하를 그 사무소에 인도하는 것",
        "면담을 허용하는 것",
    ],
    act: "-  {act}: {intent}.",
    will: "이 기관은 그렇게 할 예정입니다",
    will_not: "이 기관은 그렇게 하지 않을 예정입니다",
    undecided: "아직 결정되지 않았으며, 서면으로 알려 드립니다",
    lawyer: "귀하에게는 변호사와 이야기할 권리가 있습니다. 이 편지는 법률 자문이 아닙니다.",
    told: "{at}에 이 기관은 연방 사무소 {office} 측에 귀하의 석방 날짜와 시간을 알렸습니다: {effective_at}.",
    called_off: "{at}에 이 기관은 연방 사무소 {office} 측에 예정된 석방이 취소되었다고 알렸습니다.",
    same_notice: "법에 따라 귀하와, 귀하의 변호사 또는 귀하가 지정한 사람은 같은 통지를 서면으로 받아야 합니다.",
    unknown: "기록 없음",
    served: "연방 사무소 {office}의 양식 {form}({issued_on}자) 사본을 {person} 님에게 전달했습니다.",
    how: "일시: {at}\n방법: {method}\n언어: {language}\n전달자: {officer}",
    signature: "서명: ______________________________",
};
