//! Vietnamese.

use super::Words;

pub const WORDS: Words = Words {
    unchecked: Some(
        "Bản dịch này là bản nháp và chưa được người dịch kiểm tra; xin yêu cầu bản tiếng Anh nếu có điều gì không rõ.",
    ),
    copy_and_intent: "Bản sao yêu cầu của liên bang, và việc cơ quan này dự định làm",
    notice_of_notice: "Điều cơ quan này đã báo cho văn phòng liên bang về việc quý vị được trả tự do",
    service_certificate: "Giấy chứng nhận đã giao bản sao yêu cầu",
    heading: "{agency} ({ori})\nNgày: {today}\n\nKính gửi: {person}\n",
    booking: "Số hồ sơ giam giữ (booking number): {number}\n",
    request: "Văn phòng liên bang {office} đã gửi cho cơ quan này một yêu cầu về quý vị: mẫu đơn {form}, đề ngày {issued_on}. Một bản sao được đính kèm. Đây không phải là lệnh của thẩm phán.",
    asks: "Những điều được yêu cầu, và việc cơ quan này dự định làm:",
    acts: [
        "Báo cho văn phòng đó trước khi quý vị được trả tự do",
        "Giam giữ quý vị quá thời điểm lẽ ra quý vị được trả tự do",
        "Giao quý vị cho văn phòng đó",
        "Cho phép một cuộc phỏng vấn",
    ],
    act: "-  {act}: {intent}.",
    will: "cơ quan dự định làm theo",
    will_not: "cơ quan không dự định làm theo",
    undecided: "chưa quyết định; quý vị sẽ được báo bằng văn bản",
    lawyer: "Quý vị có quyền nói chuyện với luật sư. Thư này không phải là tư vấn pháp lý.",
    told: "Vào {at}, cơ quan này đã báo cho văn phòng liên bang {office} ngày và giờ quý vị được trả tự do: {effective_at}.",
    called_off: "Vào {at}, cơ quan này đã báo cho văn phòng liên bang {office} rằng việc trả tự do theo dự định đã bị hủy.",
    same_notice: "Luật pháp đòi hỏi quý vị, và luật sư của quý vị hoặc người mà quý vị đã chỉ định, được nhận cùng thông báo đó bằng văn bản.",
    unknown: "không có ghi chép",
    served: "{person} đã được giao một bản sao mẫu đơn {form} của văn phòng liên bang {office}, đề ngày {issued_on}.",
    how: "Lúc: {at}\nCách thức: {method}\nNgôn ngữ: {language}\nNgười giao: {officer}",
    signature: "Chữ ký: ______________________________",
};
