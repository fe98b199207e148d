assay collateral show tdx/collateral.json
