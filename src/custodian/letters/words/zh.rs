//! Chinese, in simplified characters.

use super::Words;

pub const WORDS: Words = Words {
    unchecked: Some("本译文为草稿，尚未经译员核对；如有不清楚之处，请索取英文版本。"),
    copy_and_intent: "联邦请求书副本，以及本机构打算如何处理",
    notice_of_notice: "本机构就您获释一事告知联邦办公室的内容",
    service_certificate: "请求书副本送达证明",
    heading: "{agency} ({ori})\n日期：{today}\n\n致：{person}\n",
    booking: "羁押登记号 (booking number)：{number}\n",
    request: "联邦办公室 {office} 向本机构发出了一份关于您的请求：表格 {form}，日期为 {issued_on}。随函附上副本。这不是法官的命令。",
    asks: "该请求要求的事项，以及本机构打算如何处理：",
    acts: [
        "在您获释之前通知该办公室",
        "在您本应获释的时间之后继续羁押您",
        "将您移交给该办公室",
        "允许进行面谈",
    ],
    act: "-  {act}：{intent}。",
    will: "本机构打算照办",
    will_not: "本机构不打算照办",
    undecided: "尚未决定；将以书面形式告知您",
    lawyer: "您有权与律师交谈。本信不是法律意见。",
    told: "本机构于 {at} 将您获释的日期和时间告知了联邦办公室 {office}：{effective_at}。",
    called_off: "本机构于 {at} 告知联邦办公室 {office}：原定的释放已取消。",
    same_notice: "法律要求向您，以及您的律师或您指定的人，提供同样的书面通知。",
    unknown: "无记录",
    served: "已向 {person} 送达联邦办公室 {office} 的表格 {form} 的副本，表格日期为 {issued_on}。",
    how: "时间：{at}\n方式：{method}\n语言：{language}\n送达人：{officer}",
    signature: "签名：______________________________",
};
