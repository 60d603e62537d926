//! Spanish.

use super::Words;

pub const WORDS: Words = Words {
    unchecked: None,
    copy_and_intent: "Copia de una solicitud federal y lo que esta agencia piensa hacer",
    notice_of_notice: "Lo que esta agencia comunicó a la oficina federal sobre su puesta en libertad",
    service_certificate: "Constancia de entrega de una copia de la solicitud",
    heading: "{agency} ({ori})\nFecha: {today}\n\nPara: {person}\n",
    booking: "Número de registro: {number}\n",
    request: "La oficina federal {office} ha enviado a esta agencia una solicitud sobre usted: el formulario {form}, con fecha {issued_on}. Se adjunta una copia. No es una orden de un juez.",
    asks: "Lo que la solicitud pide, y lo que esta agencia piensa hacer:",
    acts: [
        "Avisar a la oficina antes de su puesta en libertad",
        "Retenerlo después del momento en que quedaría libre",
        "Entregarlo a la oficina",
        "Permitir una entrevista",
    ],
    act: "-  {act}: {intent}.",
    will: "la agencia piensa hacerlo",
    will_not: "la agencia no piensa hacerlo",
    undecided: "todavía no se ha decidido; se le avisará por escrito",
    lawyer: "Usted tiene derecho a hablar con un abogado. Esta carta no es un consejo legal.",
    told: "El {at} esta agencia comunicó a la oficina federal {office} la fecha y hora de su puesta en libertad: {effective_at}.",
    called_off: "El {at} esta agencia comunicó a la oficina federal {office} que la puesta en libertad prevista ha quedado sin efecto.",
    same_notice: "La ley exige darle por escrito, a usted y a su abogado o a la persona que usted haya nombrado, el mismo aviso.",
    unknown: "no consta",
    served: "Se entregó a {person} una copia del formulario {form} de la oficina federal {office}, con fecha {issued_on}.",
    how: "Cuándo: {at}\nCómo: {method}\nIdioma: {language}\nPor: {officer}",
    signature: "Firma: ______________________________",
};
