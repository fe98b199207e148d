for c in verify inspect get 'collateral fetch' 'collateral show' 'collateral check' completion; do assay $c --help; done
