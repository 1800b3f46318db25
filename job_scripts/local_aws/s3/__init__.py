"""Buckets whose objects are the files of a folder of this machine. moto keeps all other buckets.

    buckets    the application in front of moto: which calls are for the objects of such a bucket
    calls      the calls: list, get, head, put, delete, multipart uploads
    folder     a bucket's folder: its objects in S3's order, and how they are stored
    metadata   what callers say about objects
    names      keys and file names
    uploads    multipart uploads
    chunks     bodies that come in chunks
    transfer   files of such a bucket for a job, without a copy where the file system allows it

Of moto's buckets:

    stored      an object by its address
    decryption  objects whose KMS key decrypts nothing
    sizes       objects as large as a test says

An object is a file, so that it outlives the server: it is written under another name, flushed to the disk and renamed.
An ETag is made of size, time of the last change and inode; it changes with every new version of the file, and no file
is read for it. User metadata lies beside the objects, in a folder whose name begins with a dot. Tags, versions, ACLs
and copies are refused (`NotImplemented`), since a file has no place for them. Encryption headers are accepted and
change nothing.
"""
