"""How referrals come in besides the form: signed links, files, drafts; receipts for what came."""
