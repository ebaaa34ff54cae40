"""File transfers: ``local``, ``scp`` over SSH sessions, ``sftp``; each verifies, renames and resumes."""
