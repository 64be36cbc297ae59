"""The README of a bundle: for people who have neither Vedette nor a programmer at hand."""

_TITLE = """\
VIDEO EVIDENCE / BẰNG CHỨNG VIDEO
=================================

"""
_WHAT_EN = """\
The folder "video" holds the recordings, exactly as they were stored. Any player opens them (for example VLC).
The folder "clips", where there is one, holds the asked time alone, for looking at; the evidence is in "video".

The folder "signing", where there is one, says what the cameras' own signatures say of each recording; the
signatures themselves are inside the recordings, as the camera sent them.

"""
_MASKED_EN = """\
THE PICTURES IN THE FOLDER "masked" ARE MASKED COPIES, NOT ORIGINALS.

Parts of the picture that privacy zones hide are filled in them, and the pictures were encoded anew. They were made for
somebody who may not see those parts. The originals were not handed out; they stay in the system.
"manifest.json" says of each masked file: who had it made, when and why, which parts are hidden, and of which stored
pieces it was made. That statement is signed. The folder "proofs" holds the hashes of the originals, in the signed log.

The program verify.py finds any change of a masked file, of the statement, or of those hashes. It cannot compare a
masked picture with its original: that they show the same, apart from what is hidden, says who signed. Where that is
doubted, ask for the originals (somebody with the right to see the whole picture exports them): their hashes must be
those of this log.
Where a folder "video" is there too, those cameras have no hidden parts, and their recordings are the originals.

"""
_CHECK_EN = """\
To check that nothing was changed, removed or added since it was recorded:

  1. Take a computer with Python 3.9 or newer (python.org). Nothing else is needed, also no internet.
  2. Open a terminal in this folder and enter:

         python3 -I verify.py --trust FINGERPRINT

     FINGERPRINT is a line of 64 characters. Ask the operator of the system for it, by another way than this
     folder came to you (by telephone, on paper). To be sure of verify.py itself, use a copy that you got that way.

  3. Read the last lines:

         VALID         nothing was changed, and the system with that fingerprint recorded it (exit code 0)
         NOT VALID     something was changed; camera, file and second are named (exit code 1)
         CANNOT TELL   nothing was changed, but nobody has vouched for the key that signed it (exit code 3)

Where there is a folder "timestamps", others have signed since when this footage exists. verify.py names them. To have
their word count, ask such an authority for the fingerprint of its certificate and add: --tsa FINGERPRINT
VALID then also means that all of it existed at that time.

"""
_WHAT_VI = """\
Thư mục "video" chứa các bản ghi hình, đúng như đã được lưu. Mọi trình phát video đều mở được (ví dụ VLC).
Thư mục "clips", nếu có, chỉ chứa khoảng thời gian được yêu cầu, để xem cho tiện; bằng chứng nằm trong "video".

Thư mục "signing", nếu có, cho biết chữ ký của chính camera nói gì về từng bản ghi; bản thân các chữ ký nằm trong
bản ghi, đúng như camera đã gửi.

"""
_MASKED_VI = """\
HÌNH ẢNH TRONG THƯ MỤC "masked" LÀ BẢN SAO ĐÃ CHE, KHÔNG PHẢI BẢN GỐC.

Những phần hình ảnh thuộc vùng riêng tư đã bị tô kín, và hình ảnh đã được mã hoá lại. Chúng được tạo cho người không
được phép xem những phần đó. Bản gốc không được giao ra; chúng vẫn nằm trong hệ thống.
Tệp "manifest.json" nêu rõ về từng tệp đã che: ai yêu cầu, khi nào, vì sao, phần nào bị che, và được tạo từ những đoạn
ghi nào. Lời khai đó có chữ ký. Thư mục "proofs" chứa mã băm của bản gốc, trong nhật ký đã ký.

Chương trình verify.py phát hiện mọi thay đổi của tệp đã che, của lời khai, hay của các mã băm đó. Nó không thể so hình
đã che với bản gốc: việc hai bên giống nhau, ngoài phần bị che, là lời của người ký. Nếu có nghi ngờ, hãy yêu cầu bản
gốc (người có quyền xem toàn bộ hình ảnh xuất ra): mã băm của chúng phải đúng như trong nhật ký này.
Nếu có cả thư mục "video", thì các máy quay ở đó không có phần nào bị che, và bản ghi của chúng là bản gốc.

"""
_CHECK_VI = """\
Để kiểm tra rằng không có gì bị sửa, bị xoá hay bị thêm vào kể từ khi ghi hình:

  1. Dùng một máy tính có Python 3.9 trở lên (python.org). Không cần gì khác, cũng không cần internet.
  2. Mở cửa sổ dòng lệnh trong thư mục này và gõ:

         python3 -I verify.py --trust DAU_VAN_TAY

     DAU_VAN_TAY là một dòng gồm 64 ký tự. Hãy hỏi đơn vị vận hành hệ thống bằng một con đường khác với con đường
     mà thư mục này đã đến tay bạn (qua điện thoại, trên giấy). Để chắc chắn về chính verify.py, hãy dùng một bản
     nhận được bằng con đường đó.

  3. Đọc những dòng cuối:

         VALID         không có gì bị sửa, và hệ thống có dấu vân tay đó đã ghi hình (mã 0)
         NOT VALID     có chỗ bị sửa; máy quay, tệp và giây được nêu rõ (mã 1)
         CANNOT TELL   không có gì bị sửa, nhưng chưa ai xác nhận khoá đã ký (mã 3)

Nếu có thư mục "timestamps", thì bên thứ ba đã ký xác nhận bản ghi này tồn tại từ lúc nào. verify.py nêu tên họ. Để chữ
ký ấy được tính, hãy hỏi chính tổ chức cấp dấu thời gian đó dấu vân tay chứng thư của họ và thêm: --tsa DAU_VAN_TAY
Khi đó VALID còn có nghĩa là toàn bộ bản ghi đã tồn tại vào thời điểm ấy.

"""
_PROVES_EN = """\
What this proves: from the moment when the system stored it, each second is as it was, and nothing was left out
without a note. What it cannot prove: that the camera saw the truth.
"""
_PROVES_VI = """\
Điều được chứng minh: kể từ khi hệ thống lưu lại, từng giây vẫn nguyên vẹn và không có gì bị bỏ đi mà không ghi chú.
Điều không thể chứng minh: máy quay đã nhìn thấy sự thật.
"""
_MASKED_PROVES_EN = """\
What this proves: the originals are in the log since they were stored, nothing was left out without a note, and these
masked copies are those that were handed out. What it cannot prove: that the copies show what the originals show.
"""
_MASKED_PROVES_VI = """\
Điều được chứng minh: bản gốc có trong nhật ký từ khi được lưu, không có gì bị bỏ đi mà không ghi chú, và các bản sao đã
che này đúng là bản đã được giao. Điều không thể chứng minh: bản sao cho thấy đúng những gì bản gốc cho thấy.
"""
_END_EN = "Do not change, rename or add anything in this folder: also that is found.\n"
_END_VI = "Đừng sửa, đổi tên hay thêm gì vào thư mục này: việc đó cũng bị phát hiện.\n"


def _compose(english: tuple[str, str], vietnamese: tuple[str, str]) -> str:
    """Of what lies in the bundle and of what that proves, in both languages."""
    first = f"ENGLISH\n\n{english[0]}{_CHECK_EN}{english[1]}{_END_EN}"
    second = f"TIẾNG VIỆT\n\n{vietnamese[0]}{_CHECK_VI}{vietnamese[1]}{_END_VI}"
    return f"{_TITLE}{first}\n\n{second}"


README = _compose((_WHAT_EN, _PROVES_EN), (_WHAT_VI, _PROVES_VI))
README_MASKED = _compose((_MASKED_EN, _MASKED_PROVES_EN), (_MASKED_VI, _MASKED_PROVES_VI))
"""Of a bundle in which at least one camera goes out as a masked copy."""
