for c in verify inspect 'collateral fetch' 'collateral show' 'collateral check' completion; do assay $c --help; done
