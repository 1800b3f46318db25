"""What pikepdf sees in a PDF. It reads files from strangers, so all of it runs in a sandbox, as one of `tasks`.

found         records of what is found
content       what a page draws: its commands, its forms and its pictures
bare_scans    which pages are nothing but a scan
bare_text     which pages certainly show no picture, and how large they are
curves        which pages draw letters as curves
ligatures     a copy in which the letters of right-to-left scripts stand as they are drawn
cut_pictures  which pages show a picture whose data end early or are damaged
"""
