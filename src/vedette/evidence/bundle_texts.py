"""The README of a bundle: for people who have neither Vedette nor a programmer at hand."""

README = """\
VIDEO EVIDENCE / BẰNG CHỨNG VIDEO
=================================

ENGLISH

The folder "video" holds the recordings, exactly as they were stored. Any player opens them (for example VLC).
The folder "clips", where there is one, holds the asked time alone, for looking at; the evidence is in "video".

The folder "signing", where there is one, says what the cameras' own signatures say of each recording; the
signatures themselves are inside the recordings, as the camera sent them.

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

What this proves: from the moment when the system stored it, each second is as it was, and nothing was left out
without a note. What it cannot prove: that the camera saw the truth.
Do not change, rename or add anything in this folder: also that is found.


TIẾNG VIỆT

Thư mục "video" chứa các bản ghi hình, đúng như đã được lưu. Mọi trình phát video đều mở được (ví dụ VLC).
Thư mục "clips", nếu có, chỉ chứa khoảng thời gian được yêu cầu, để xem cho tiện; bằng chứng nằm trong "video".

Thư mục "signing", nếu có, cho biết chữ ký của chính camera nói gì về từng bản ghi; bản thân các chữ ký nằm trong
bản ghi, đúng như camera đã gửi.

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

Điều được chứng minh: kể từ khi hệ thống lưu lại, từng giây vẫn nguyên vẹn và không có gì bị bỏ đi mà không ghi chú.
Điều không thể chứng minh: máy quay đã nhìn thấy sự thật.
Đừng sửa, đổi tên hay thêm gì vào thư mục này: việc đó cũng bị phát hiện.
"""
