"""One port for files, over a local folder or an Azure blob container."""
