assay pipe; assay pipe h:1; assay pipe --policy p https://h/; assay pipe --policy p --jsonn h
