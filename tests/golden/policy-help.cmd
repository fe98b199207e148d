for c in pin lint explain diff hash schema; do assay policy $c --help; done
