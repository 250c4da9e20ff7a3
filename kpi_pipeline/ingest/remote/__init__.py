"""Files that are kept elsewhere: in S3, Google Cloud Storage, Azure or on a web server.

A file is known by its size, the time it was written and what its store calls its version; where these are as they were,
it is not fetched again. What is fetched lies beside the warehouse, for its owner only, until its rows are staged. A
run that is cut short leaves it there, and the next one fetches only what is missing.
"""

from kpi_pipeline.ingest.remote.download import download, folder_of, forget_downloads, path_of
from kpi_pipeline.ingest.remote.listing import find_remote
from kpi_pipeline.ingest.remote.nouns import UNSAID, RemoteFile

__all__ = ["UNSAID", "RemoteFile", "download", "find_remote", "folder_of", "forget_downloads", "path_of"]
