//! Tagalog.

use super::Words;

pub const WORDS: Words = Words {
    unchecked: Some(
        "Ang saling ito ay hindi pa nasusuri ng isang tagasalin; humingi ng kopya sa Ingles kung may hindi malinaw.",
    ),
    copy_and_intent: "Kopya ng kahilingan ng pederal na tanggapan, at ang balak gawin ng ahensiyang ito",
    notice_of_notice: "Ang ipinaalam ng ahensiyang ito sa pederal na tanggapan tungkol sa paglaya ninyo",
    service_certificate: "Katibayan na naibigay ang kopya ng kahilingan",
    heading: "{agency} ({ori})\nPetsa: {today}\n\nPara kay: {person}\n",
    booking: "Numero ng pagkakapiit (booking number): {number}\n",
    request: "Ang pederal na tanggapan na {office} ay nagpadala sa ahensiyang ito ng kahilingan tungkol sa inyo: ang pormularyong {form}, na may petsang {issued_on}. Kalakip ang isang kopya. Hindi ito utos ng isang hukom.",
    asks: "Ang hinihiling, at ang balak gawin ng ahensiyang ito:",
    acts: [
        "Ipaalam sa tanggapan bago kayo palayain",
        "Pigilin kayo nang lampas sa oras na dapat kayong palayain",
        "Ibigay kayo sa tanggapan",
        "Pahintulutan ang isang panayam",
    ],
    act: "-  {act}: {intent}.",
    will: "balak itong gawin ng ahensiya",
    will_not: "hindi ito balak gawin ng ahensiya",
    undecided: "hindi pa napagpapasyahan; ipaaalam ito sa inyo nang nakasulat",
    lawyer: "May karapatan kayong makipag-usap sa isang abogado. Ang liham na ito ay hindi payong legal.",
    told: "Noong {at}, ipinaalam ng ahensiyang ito sa pederal na tanggapan na {office} ang petsa at oras ng paglaya ninyo: {effective_at}.",
    called_off: "Noong {at}, ipinaalam ng ahensiyang ito sa pederal na tanggapan na {office} na hindi na matutuloy ang nakaplanong paglaya ninyo.",
    same_notice: "Iniuutos ng batas na kayo, at ang inyong abogado o ang taong inyong itinalaga, ay bigyan ng gayunding abiso nang nakasulat.",
    unknown: "hindi nakatala",
    served: "Naibigay kay {person} ang isang kopya ng pormularyong {form} ng pederal na tanggapan na {office}, na may petsang {issued_on}.",
    how: "Kailan: {at}\nPaano: {method}\nWika: {language}\nNi: {officer}",
    signature: "Lagda: ______________________________",
};
