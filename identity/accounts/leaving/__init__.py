"""What a person may ask about their data (Luật 91/2025/QH15, NĐ 356/2025/NĐ-CP): export, correct, object, close; each with its clock."""
